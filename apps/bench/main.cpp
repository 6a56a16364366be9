// bench: measures Stockpot against what the machine itself can do, always as a ratio within one run.
#include <exception>
#include <iostream>
#include <string_view>

#include "command_line.hpp"
#include "stockpot/base/error.hpp"

namespace {

using namespace stockpot;

constexpr std::string_view usage =
    "usage: bench merge RECIPE... [OPTIONS]    (bench merge --help)\n"
    "       bench soups [OPTIONS]              (bench soups --help)\n"
    "       bench statistics [OPTIONS]         (bench statistics --help)\n";

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (command == "merge") return bench::bench_merge(argc - 1, argv + 1);
    if (command == "soups") return bench::bench_soups(argc - 1, argv + 1);
    if (command == "statistics") return bench::bench_statistics(argc - 1, argv + 1);
    if (command == "--help" || command == "-h") {
      std::cout << usage;
      return 0;
    }
    std::cerr << usage;
    return static_cast<int>(ExitCode::usage);
  } catch (const boost::program_options::error& error) {
    std::cerr << "bench: " << error.what() << "\n";
    return static_cast<int>(ExitCode::usage);
  } catch (const Error& error) {
    std::cerr << "bench: " << error.what() << "\n";
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << "\n";
    return static_cast<int>(ExitCode::system_io);
  }
}
