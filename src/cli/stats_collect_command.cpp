#include <fmt/format.h>

#include "cli/choice.hpp"
#include "cli/statistics_summary.hpp"
#include "cli/stats_command.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/engine/statistics_job.hpp"
#include "stockpot/probe/labels.hpp"

namespace stockpot::cli {
namespace {

namespace po = boost::program_options;

po::options_description collect_options(const std::string& title, engine::Collected what) {
  po::options_description own(title);
  auto add = own.add_options();
  add("model", po::value<std::string>(), "the checkpoint that the samples were taken from");
  add("out", po::value<std::string>(),
      "the file to write; one that stands there is replaced once the new one is whole");
  add("extend", po::bool_switch(), "add to the file that stands at --out");
  if (what == engine::Collected::gram) {
    add("full", po::bool_switch(), "store whole matrices, not lower triangles");
  }
  add("block", po::value<std::string>(),
      "also take /fisher_block of the vectors in whose name this regex is found");
  add("probe", po::value<std::string>(), "in place of samples: run the model through this backend (mlp)");
  add("data", po::value<std::string>(), "HDF5 file with /x and /y that the probe runs on");
  add("labels", po::value<std::string>(),
      "labels of the probe's gradients: exact, sampled (--seed) or empirical (default)");
  return own;
}

std::string text_of(const Parsed& parsed, const std::string& option) {
  return parsed.values.count(option) == 0 ? std::string() : parsed.values[option].as<std::string>();
}

std::optional<engine::ProbeSource> probe_of(const Parsed& parsed, std::uint64_t seed) {
  const bool has_probe = parsed.values.count("probe") > 0;
  for (const char* option : {"data", "labels"}) {
    if (!has_probe && parsed.values.count(option) > 0) {
      throw Error(ExitCode::usage, fmt::format("--{} belongs to --probe", option));
    }
  }
  if (!has_probe) return std::nullopt;
  if (!parsed.positional.empty()) {
    throw Error(ExitCode::usage, "--probe runs the model in place of sample files: give one or the other");
  }
  if (parsed.values.count("data") == 0) throw Error(ExitCode::usage, "--probe needs --data DATA.h5");
  engine::ProbeSource source;
  source.backend = text_of(parsed, "probe");
  source.data = text_of(parsed, "data");
  source.labels.seed = seed;
  if (parsed.values.count("labels") > 0) {
    const std::vector<std::string> modes{"exact", "sampled", "empirical"};
    const std::string& mode = modes[choice("--labels", text_of(parsed, "labels"), modes)];
    source.labels.mode = probe::label_mode_from_name(mode).value();
  }
  return source;
}

int run(Invocation& invocation, engine::Collected what) {
  const std::string name = what == engine::Collected::gram ? "gram" : "fisher";
  const Command command = stats_command_named(name);
  const auto parsed = parse_list(invocation, command, collect_options("Options of " + command.name, what));
  if (!parsed) return static_cast<int>(ExitCode::success);
  engine::RunOptions options = run_options(parsed->common, invocation.world.size());
  options.progress = make_progress(progress_style(parsed->common), "measuring");
  engine::StatisticsJob job;
  job.what = what;
  job.samples.assign(parsed->positional.begin(), parsed->positional.end());
  job.probe = probe_of(*parsed, options.plan.seed);
  if (job.samples.empty() && !job.probe) {
    throw Error(ExitCode::usage,
                fmt::format("stockpot {} takes sample files, or --probe mlp --data DATA.h5", command.name));
  }
  job.model = required_option(*parsed, command.name, "model", "CHECKPOINT, which the samples are of");
  job.output = required_option(*parsed, command.name, "out", "S.h5, the file to write");
  job.extend = parsed->values["extend"].as<bool>();
  job.full = what == engine::Collected::gram && parsed->values["full"].as<bool>();
  job.block = text_of(*parsed, "block");
  job.dtype = options.dtype;
  if (job.dtype && job.dtype != DType::f32 && job.dtype != DType::f64) {
    throw Error(ExitCode::usage,
                fmt::format("--dtype {}: statistics are float32 or float64", parsed->common.dtype));
  }
  const engine::StatisticsSummary summary = engine::collect_statistics(invocation.world, job, options);
  if (invocation.world.is_root()) print_statistics(summary, job.output.string(), parsed->common.json);
  return static_cast<int>(ExitCode::success);
}

}  // namespace

int stats_gram_command(Invocation& invocation) {
  return run(invocation, engine::Collected::gram);
}

int stats_fisher_command(Invocation& invocation) {
  return run(invocation, engine::Collected::fisher);
}

}  // namespace stockpot::cli
