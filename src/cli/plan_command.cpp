#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <iostream>

#include "cli/command.hpp"
#include "cli/machine_options.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/plan_job.hpp"
#include "stockpot/plan/plan_report.hpp"

namespace stockpot::cli {
namespace {

namespace po = boost::program_options;

/// Ranks of the largest machines are fewer; the report has a line for each.
constexpr int most_ranks = 1'000'000;

int run_on_root(const Parsed& parsed, const MachineOptions& machine_options, int ranks) {
  const bool effective = parsed.values["effective"].as<bool>();
  engine::RunOptions options = run_options(parsed.common, ranks);
  options.warn = {};
  const auto machine = machine_of(machine_options, ranks, options.plan.threads);
  const engine::PlannedMerge planned = engine::plan_recipe(parsed.positional[0], options, machine);
  if (parsed.common.json) {
    std::cout << plan::report_json(planned.problems, planned.plan, planned.models, effective, planned.choice);
  } else {
    for (const recipe::Problem& problem : planned.problems)
      std::cerr << "stockpot: " << recipe::to_string(problem) << "\n";
    if (planned.plan) std::cout << plan::report_text(*planned.plan, planned.models, effective);
    if (planned.choice) std::cout << plan::describe(*planned.choice);
  }
  return static_cast<int>(planned.code);
}

}  // namespace

int plan_command(Invocation& invocation) {
  po::options_description own("Options of plan");
  own.add_options()("ranks", po::value<int>()->default_value(invocation.world.size()),
                    "plan for so many ranks")("effective", po::bool_switch(),
                                              "list the parameters of every tensor");
  MachineOptions machine;
  add_machine_options(own, machine);
  const auto parsed = parse(invocation, command_named("plan"), own, {"RECIPE"});
  if (!parsed) return static_cast<int>(ExitCode::success);
  const int ranks = parsed->values["ranks"].as<int>();
  if (ranks < 1 || ranks > most_ranks) {
    throw Error(ExitCode::usage, fmt::format("--ranks must be from 1 to {}", most_ranks));
  }
  const std::string code = comm::from_root(
      invocation.world, "plan", [&] { return std::to_string(run_on_root(*parsed, machine, ranks)); });
  return std::stoi(code);
}

}  // namespace stockpot::cli
