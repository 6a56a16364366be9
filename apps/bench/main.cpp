// bench: measures Stockpot against what the machine itself can do, always as a ratio within one run.
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>

#include "merge_bench.hpp"
#include "merge_report.hpp"
#include "soups_bench.hpp"
#include "statistics_bench.hpp"
#include "stockpot/base/error.hpp"

namespace {

namespace fs = std::filesystem;
namespace options = boost::program_options;
using namespace stockpot;

options::options_description describe_merge() {
  options::options_description description(
      "usage: bench merge RECIPE... [OPTIONS]\n"
      "Times merges against the floor F: reading all inputs once (cat) plus copying one model (cp), page "
      "cache warm,\n"
      "floor and merge in turns; prints the median of merge / F, bytes/s and peak memory of each rank");
  description.add_options()("help,h", "this text")("recipe", options::value<std::vector<std::string>>(),
                                                   "recipes")(
      "ranks", options::value<std::string>()->default_value("1,2"),
      "numbers of ranks; 1 runs without mpirun")("fsync", options::value<std::string>()->default_value("no"),
                                                 "yes, no or both")(
      "pairs", options::value<int>()->default_value(5), "of floor and merge")(
      "memory", options::value<std::string>()->default_value(""), "of each rank, as 512MiB")(
      "threads", options::value<std::string>()->default_value(""), "of each rank")(
      "scratch", options::value<std::string>(),
      "folder for outputs, on the disk to be measured (a new one in TMPDIR)")(
      "stockpot", options::value<std::string>(), "the program to measure (the one beside this)")(
      "mergekit", options::value<std::string>(), "a Python that has mergekit: run it beside")(
      "json", options::value<std::string>(), "write the results to this file");
  return description;
}

std::vector<int> parse_ranks(const std::string& text) {
  std::vector<int> ranks;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    int value = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (failure != std::errc() || end != word.data() + word.size() || value < 1) {
      throw Error(ExitCode::usage, "--ranks: " + quote(word) + " is no number of ranks");
    }
    ranks.push_back(value);
  }
  if (ranks.empty()) throw Error(ExitCode::usage, "--ranks is empty");
  return ranks;
}

std::vector<bool> parse_sync(const std::string& text) {
  if (text == "no") return {false};
  if (text == "yes") return {true};
  if (text == "both") return {false, true};
  throw Error(ExitCode::usage, "--fsync must be yes, no or both");
}

int bench_merge(int argc, char** argv) {
  options::positional_options_description positional;
  positional.add("recipe", -1);
  const options::options_description description = describe_merge();
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv).options(description).positional(positional).run(),
                 given);
  options::notify(given);
  if (given.contains("help")) {
    std::cout << description;
    return 0;
  }
  if (!given.contains("recipe")) throw Error(ExitCode::usage, "no recipe");

  bench::MergeBenchOptions request;
  for (const std::string& recipe : given["recipe"].as<std::vector<std::string>>())
    request.recipes.emplace_back(recipe);
  request.ranks = parse_ranks(given["ranks"].as<std::string>());
  request.sync = parse_sync(given["fsync"].as<std::string>());
  request.pairs = given["pairs"].as<int>();
  if (request.pairs < 1) throw Error(ExitCode::usage, "--pairs must be at least 1");
  request.memory = given["memory"].as<std::string>();
  request.threads = given["threads"].as<std::string>();
  request.stockpot = given.contains("stockpot")
                         ? fs::path(given["stockpot"].as<std::string>())
                         : fs::read_symlink("/proc/self/exe").parent_path() / "stockpot";
  if (given.contains("mergekit")) request.mergekit_python = given["mergekit"].as<std::string>();
  const fs::path parent = given.contains("scratch") ? fs::path(given["scratch"].as<std::string>())
                                                    : fs::temp_directory_path() / "stockpot-bench";
  request.scratch = parent / "scratch";

  const std::vector<bench::MergeResult> results = bench::run_merge_bench(request);
  fs::remove_all(request.scratch);
  if (given.contains("json")) {
    std::ofstream file(given["json"].as<std::string>());
    file << bench::to_json(results);
    if (!file.flush()) throw Error(ExitCode::system_io, "can't write " + given["json"].as<std::string>());
  }
  return 0;
}

constexpr std::string_view usage =
    "usage: bench merge RECIPE... [OPTIONS]    (bench merge --help)\n"
    "       bench soups [OPTIONS]              (bench soups --help)\n"
    "       bench statistics [OPTIONS]         (bench statistics --help)\n";

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (command == "merge") return bench_merge(argc - 1, argv + 1);
    if (command == "soups") return bench::bench_soups(argc - 1, argv + 1);
    if (command == "statistics") return bench::bench_statistics(argc - 1, argv + 1);
    if (command == "--help" || command == "-h") {
      std::cout << usage;
      return 0;
    }
    std::cerr << usage;
    return static_cast<int>(ExitCode::usage);
  } catch (const options::error& error) {
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
