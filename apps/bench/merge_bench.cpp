#include "merge_bench.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include "child_process.hpp"
#include "floor.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::bench {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::json;

std::string read_file(const fs::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// `mpirun -n R` with what Open MPI wants on small machines; nothing for one rank, which needs no launcher.
std::vector<std::string> launcher(int ranks, const fs::path& scratch) {
  if (ranks == 1) return {};
  std::vector<std::string> command = {"mpirun", "-n", std::to_string(ranks)};
  run_checked({"mpirun", "--version"}, scratch / "mpirun-version.txt");
  if (read_file(scratch / "mpirun-version.txt").find("Open MPI") != std::string::npos) {
    command.insert(command.end(), {"--oversubscribe", "--bind-to", "none"});
    if (geteuid() == 0) {
      setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
      setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    }
  }
  return command;
}

std::vector<std::string> merge_command(const MergeBenchOptions& options, const fs::path& recipe, int ranks,
                                       bool sync, const fs::path& output) {
  std::vector<std::string> command = launcher(ranks, options.scratch);
  command.insert(command.end(), {options.stockpot.string(), "merge", recipe.string(), output.string(),
                                 "--progress", "none", "--durability", sync ? "fsync" : "none"});
  if (!options.memory.empty()) command.insert(command.end(), {"--memory", options.memory});
  if (!options.threads.empty()) command.insert(command.end(), {"--threads", options.threads});
  return command;
}

MergeTiming read_timing(const fs::path& output) {
  const fs::path path = output / "stockpot_run.json";
  try {
    const Json run = Json::parse(read_file(path));
    MergeTiming timing;
    timing.mpi_init_seconds = run.at("seconds").at("mpi_init").get<double>();
    timing.seconds = run.at("seconds").at("total").get<double>() - timing.mpi_init_seconds;
    for (const Json& rank : run.at("per_rank")) {
      timing.peak_resident_bytes.push_back(rank.at("peak_resident_bytes").get<std::uint64_t>());
      const Json& bytes = rank.at("bytes");
      timing.moved_bytes.push_back(bytes.at("read").get<std::uint64_t>() +
                                   bytes.at("written").get<std::uint64_t>());
    }
    return timing;
  } catch (const Json::exception& error) {
    throw Error(ExitCode::system_io, error.what(), {.file = path.string(), .tensor = ""});
  }
}

/// Seconds of mergekit for the same recipe, start-up included; nullopt when it fails.
std::optional<double> measure_mergekit(const MergeBenchOptions& options, const fs::path& recipe) {
  const fs::path output = options.scratch / "mergekit-output";
  fs::remove_all(output);
  const ChildResult result = run_child({*options.mergekit_python, "-m", "mergekit.scripts.run_yaml",
                                        recipe.string(), output.string(), "--no-write-model-card", "--quiet"},
                                       options.scratch / "mergekit.log");
  fs::remove_all(output);
  if (result.exit_code != 0) {
    std::cerr << "bench: mergekit in " << *options.mergekit_python << " ended with " << result.exit_code
              << "\n";
    return std::nullopt;
  }
  return result.seconds;
}

/// One recipe at one number of ranks: pairs of floor and merge, in turns.
MergeResult measure(const MergeBenchOptions& options, const fs::path& recipe, const Inputs& inputs, int ranks,
                    bool sync) {
  const fs::path warm = options.scratch / "warm-output";
  const fs::path output = options.scratch / "merged-output";
  fs::remove_all(warm);
  fs::remove_all(output);
  run_checked(merge_command(options, recipe, ranks, sync, warm), options.scratch / "merge.log");

  MergeResult result;
  result.recipe = recipe.stem();
  result.ranks = ranks;
  result.sync = sync;
  result.input_bytes = inputs.total_bytes();
  for (int pair = 0; pair < options.pairs; ++pair) {
    run_checked({"sync"}, "/dev/null");
    write_and_delete_copy(warm, options.scratch);
    result.floor_seconds.push_back(measure_floor(inputs, sync, options.scratch));

    run_checked({"sync"}, "/dev/null");
    write_and_delete_copy(warm, options.scratch);
    run_checked(merge_command(options, recipe, ranks, sync, output), options.scratch / "merge.log");
    result.merges.push_back(read_timing(output));
    fs::remove_all(output);
  }
  fs::remove_all(warm);
  return result;
}

}  // namespace

std::vector<MergeResult> run_merge_bench(const MergeBenchOptions& options) {
  fs::create_directories(options.scratch);
  std::vector<MergeResult> results;
  for (const fs::path& recipe : options.recipes) {
    const Inputs inputs = inputs_of_recipe(recipe);
    std::optional<double> mergekit_seconds;
    if (options.mergekit_python) mergekit_seconds = measure_mergekit(options, recipe);
    for (const bool sync : options.sync) {
      for (const int ranks : options.ranks) {
        results.push_back(measure(options, recipe, inputs, ranks, sync));
        results.back().mergekit_seconds = mergekit_seconds;
        std::cout << to_line(results.back()) << std::endl;
      }
    }
  }
  return results;
}

}  // namespace stockpot::bench
