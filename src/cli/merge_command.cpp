#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iostream>

#include "cli/command.hpp"
#include "cli/output_options.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/engine/merge_job.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/report/verify.hpp"

namespace stockpot::cli {
namespace {

namespace po = boost::program_options;

void print_summary(const engine::MergeSummary& summary, const std::filesystem::path& output, bool json) {
  const double gigabytes = static_cast<double>(summary.read_bytes + summary.tensor_bytes) * 1e-9;
  if (json) {
    fmt::print("{{\"tensors\": {}, \"bytes\": {}, \"seconds\": {:.6f}, \"resumed\": {}}}\n", summary.tensors,
               summary.tensor_bytes, summary.seconds, summary.resumed);
    return;
  }
  fmt::print("{}: {} tensors, {}, {:.2f} s ({:.2f} GB/s read and written){}\n", output.string(),
             summary.tensors, format_size(summary.tensor_bytes), summary.seconds, gigabytes / summary.seconds,
             summary.resumed ? ", resumed" : "");
}

/// Collective.
int finish(Invocation& invocation, const Parsed& parsed, const engine::RunOptions& options,
           const engine::MergeSummary& summary) {
  if (summary.was_finished) {
    if (options.plan.format == plan::OutputFormat::hdf5) return static_cast<int>(ExitCode::success);
    return report::verify_output(invocation.world, options.output, options.plan.threads, parsed.common.json);
  }
  if (!invocation.world.is_root()) return static_cast<int>(ExitCode::success);
  if (summary.nonfinite > 0 && options.nonfinite == engine::NonfinitePolicy::warn) {
    spdlog::warn("{} elements of the output are NaN or infinite", summary.nonfinite);
  }
  print_summary(summary, options.output, parsed.common.json);
  return static_cast<int>(ExitCode::success);
}

}  // namespace

int merge_command(Invocation& invocation) {
  po::options_description own = output_options("Options of merge");
  own.add_options()("statistics", po::value<std::string>(),
                    "write the models' geometry (stats geometry) there, measured in the same pass")(
      "methods", "print the table of methods and their parameters");
  if (std::find(invocation.arguments.begin(), invocation.arguments.end(), "--methods") !=
      invocation.arguments.end()) {
    if (invocation.world.is_root()) std::cout << method::method_table();
    return static_cast<int>(ExitCode::success);
  }
  const auto parsed = parse(invocation, command_named("merge"), own, {"RECIPE", "OUT"});
  if (!parsed) return static_cast<int>(ExitCode::success);
  engine::RunOptions options = job_options(invocation, *parsed, "merging");
  if (parsed->values.count("statistics") > 0)
    options.statistics = parsed->values["statistics"].as<std::string>();
  return finish(invocation, *parsed, options,
                engine::merge_recipe(invocation.world, parsed->positional[0], options));
}

int convert_command(Invocation& invocation) {
  const auto parsed =
      parse(invocation, command_named("convert"), output_options("Options of convert"), {"IN", "OUT"});
  if (!parsed) return static_cast<int>(ExitCode::success);
  engine::RunOptions options = job_options(invocation, *parsed, "converting");
  const std::string extension = options.output.extension().string();
  if (extension == ".h5" || extension == ".hdf5") options.plan.format = plan::OutputFormat::hdf5;
  return finish(invocation, *parsed, options,
                engine::convert(invocation.world, parsed->positional[0], options));
}

}  // namespace stockpot::cli
