#include "cli/common_options.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <limits>
#include <vector>

#include "cli/choice.hpp"
#include "cli/option_values.hpp"
#include "cli/signals.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::cli {
namespace {

namespace po = boost::program_options;

/// Above the processors of any machine; each thread owns buffers.
constexpr std::uint64_t most_threads = 1024;

plan::GridShape grid_option(const std::string& text, int ranks) {
  const auto count = static_cast<std::uint64_t>(ranks);
  if (text.empty()) return {count, 1};
  plan::GridShape grid{0, 0};
  const char* const end = text.data() + text.size();
  const auto rows = std::from_chars(text.data(), end, grid.rows);
  if (rows.ec == std::errc{} && rows.ptr != end && (*rows.ptr == 'x' || *rows.ptr == 'X')) {
    const auto columns = std::from_chars(rows.ptr + 1, end, grid.columns);
    if (columns.ec == std::errc{} && columns.ptr == end && grid.rows > 0 && grid.columns > 0) {
      if (grid.columns > count || grid.rows > count || grid.ranks() != count) {
        throw Error(ExitCode::usage, fmt::format("--grid {} needs {} x {} ranks, but the job has {}", text,
                                                 grid.rows, grid.columns, ranks));
      }
      return grid;
    }
  }
  throw Error(ExitCode::usage, fmt::format("--grid {} is no grid: LxM, as in 4x2", quote(text)));
}

}  // namespace

po::options_description describe(CommonOptions& values) {
  po::options_description options("Common options");
  auto add = options.add_options();
  add("help,h", "this text");
  add("threads", po::value(&values.threads),
      "threads per rank (default: as many as the affinity mask has processors)");
  add("memory", po::value(&values.memory),
      "memory per rank, libraries included: 512MiB, 2GiB, ... (default: no limit)");
  add("seed", po::value(&values.seed)->default_value("0"), "seed of random numbers");
  add("device", po::value(&values.device)->default_value("cpu"), "cpu or cuda");
  add("grid", po::value(&values.grid),
      "LxM: ranks along layers x ranks along models (default: all along layers)");
  add("shard-size", po::value(&values.shard_size)->default_value("5e9"), "largest file of the output");
  add("dtype", po::value(&values.dtype),
      "output: float64, float32, float16 or bfloat16 (default: the recipe's)");
  add("durability", po::value(&values.durability)->default_value("fsync"), "fsync or none");
  add("nonfinite", po::value(&values.nonfinite)->default_value("error"),
      "NaN and infinity: error, warn or allow");
  add("lenient", po::bool_switch(&values.lenient), "unknown recipe keys are warnings");
  add("progress", po::value(&values.progress)->default_value("auto"), "auto, plain or none");
  add("json", po::bool_switch(&values.json), "standard output is one JSON document");
  add("log-level", po::value(&values.log_level)->default_value("warn"),
      "trace, debug, info, warn, error or off");
  return options;
}

engine::RunOptions run_options(const CommonOptions& values, int ranks) {
  engine::RunOptions options;
  const int processors = available_processors();
  options.plan.threads = processors;
  if (!values.threads.empty()) {
    options.plan.threads = static_cast<int>(number_option("--threads", values.threads, 1, most_threads));
  }
  if (options.plan.threads > processors) {
    spdlog::warn("--threads {} is more than the {} processors of this process's affinity mask",
                 options.plan.threads, processors);
  }
  if (choice("--device", values.device, {"cpu", "cuda"}) == 1) {
    throw Error(ExitCode::usage, "--device cuda: this version merges on the CPU only");
  }
  if (!values.memory.empty()) options.plan.memory_bytes = size_option("--memory", values.memory);
  options.plan.shard_bytes = size_option("--shard-size", values.shard_size);
  options.plan.seed = number_option("--seed", values.seed, 0, std::numeric_limits<std::uint64_t>::max());
  options.plan.grid = grid_option(values.grid, ranks);
  if (!values.dtype.empty()) {
    options.dtype = dtype_from_recipe(values.dtype);
    if (!options.dtype || !is_output(*options.dtype)) {
      throw Error(ExitCode::usage, fmt::format("--dtype {} is none of float64, float32, float16, bfloat16",
                                               quote(values.dtype)));
    }
  }
  options.durability = choice("--durability", values.durability, {"fsync", "none"}) == 0
                           ? io::Durability::fsync
                           : io::Durability::none;
  options.nonfinite = static_cast<engine::NonfinitePolicy>(
      choice("--nonfinite", values.nonfinite, {"error", "warn", "allow"}));
  options.lenient = values.lenient;
  options.stop_requested = &stop_requested();
  options.warn = [](const std::string& text) { spdlog::warn("{}", text); };
  return options;
}

ProgressStyle progress_style(const CommonOptions& values) {
  return static_cast<ProgressStyle>(choice("--progress", values.progress, {"auto", "plain", "none"}));
}

void set_log_level(const std::string& level) {
  const std::vector<std::string> names{"trace", "debug", "info", "warn", "error", "off"};
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::trace, spdlog::level::debug,
                                                  spdlog::level::info,  spdlog::level::warn,
                                                  spdlog::level::err,   spdlog::level::off};
  spdlog::set_level(levels[choice("--log-level", level, names)]);
}

}  // namespace stockpot::cli
