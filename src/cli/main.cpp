#include "stockpot/cli/main.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"
#include "cli/versions.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::cli {
namespace {

std::string overview() {
  std::string text =
      "usage: stockpot COMMAND ...\nMerges neural-network checkpoints, exactly, on one machine or a cluster "
      "(mpirun, srun).\n\n";
  for (const Command& command : commands())
    text += fmt::format("  {:<9} {}\n", command.name, command.summary);
  return text +
         "\nstockpot COMMAND --help explains each; stockpot --version lists the linked libraries.\n"
         "Exit codes: 0 done, 2 usage or recipe, 3 input data, 4 input/output of the system, 5 verification "
         "failed,\n"
         "6 communication, 75 stopped on request (--resume continues).\n";
}

/// Warnings go to standard error; standard output belongs to results.
void set_up_log() {
  auto logger =
      std::make_shared<spdlog::logger>("stockpot", std::make_shared<spdlog::sinks::stderr_sink_st>());
  logger->set_pattern("stockpot: %l: %v");
  spdlog::set_default_logger(std::move(logger));
}

void print_failure(const std::exception& failure) {
  std::cerr << "stockpot: " << failure.what() << std::endl;
}

int dispatch(Session& session, const std::vector<std::string>& arguments) {
  const bool root = session.world().is_root();
  if (arguments.empty() || arguments.front() == "--help" || arguments.front() == "-h" ||
      arguments.front() == "help") {
    if (root) (arguments.empty() ? std::cerr : std::cout) << overview();
    return static_cast<int>(arguments.empty() ? ExitCode::usage : ExitCode::success);
  }
  if (arguments.front() == "--version") {
    if (root) std::cout << version_text();
    return static_cast<int>(ExitCode::success);
  }
  const auto& all = commands();
  const auto command =
      std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.name == arguments.front(); });
  if (command == all.end()) {
    std::vector<std::string> names;
    for (const Command& c : all) names.push_back(c.name);
    const auto meant = nearest(arguments.front(), names);
    throw Error(ExitCode::usage, fmt::format("unknown command {}{}", quote(arguments.front()),
                                             meant ? fmt::format(" (did you mean {}?)", *meant) : ""));
  }
  Invocation invocation{
      {arguments.begin() + 1, arguments.end()}, session.world(), session.mpi_init_seconds()};
  return command->run(invocation);
}

}  // namespace

int run(int argc, char** argv) {
  set_up_log();
  catch_stop_signals();
  std::unique_ptr<Session> session;
  try {
    session = std::make_unique<Session>(&argc, &argv);
    return dispatch(*session, {argv + 1, argv + argc});
  } catch (const Error& error) {
    // Every rank throws the same; one of them says so.
    if (session ? session->world().is_root() : comm::announced_rank() == 0) print_failure(error);
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    // Not agreed upon: the other ranks may wait for this one.
    print_failure(error);
    if (session && session->world().size() > 1) session->world().abort(ExitCode::system_io);
    return static_cast<int>(ExitCode::system_io);
  }
}

}  // namespace stockpot::cli
