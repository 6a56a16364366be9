#include "engine/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "stockpot/base/error.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/base/version.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::engine {
namespace {

std::string dump(const nlohmann::json& document, int indent = -1) {
  return document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_text(const nlohmann::json& document) {
  return dump(document, 2) + "\n";
}

nlohmann::json bytes_json(const RankReport& report) {
  return {{"read", report.read_bytes},
          {"exchanged", report.exchanged_bytes},
          {"written", report.written_bytes},
          {"reduced", report.reduced_bytes}};
}

/// What a manifest says that is known before any element is read.
nlohmann::json planned_manifest(const recipe::Recipe& recipe, const plan::MergePlan& plan) {
  nlohmann::json tensors = nlohmann::json::object();
  for (const plan::TensorTask& task : plan.tasks) {
    if (!task.begins_tensor()) continue;
    tensors[task.name] = {{"dtype", name(task.dtype)},
                          {"shape", task.tensor_shape()},
                          {"file", plan.layout.files[task.file].name}};
  }
  return {
      {"format_version", 1},
      {"recipe_digest", recipe.digest.hex()},
      {"semantics", recipe.semantics == recipe::Semantics::paper ? "paper" : "mergekit"},
      {"seed", plan.settings.seed},
      {"method", recipe.method},
      {"tensors", tensors},
  };
}

/// Tensors that a library's products and solves made, sorted: their bits are those of a type of processor.
std::vector<std::string> library_results(const plan::MergePlan& plan) {
  std::vector<std::string> names;
  for (const plan::TensorTask& task : plan.tasks) {
    if (!task.matrices.empty()) names.push_back(task.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string gather_diagnostics(comm::Communicator& world, const Job& job) {
  nlohmann::json mine = nlohmann::json::object();
  for (const auto& [key, diagnostics] : job.surveys.reports()) {
    nlohmann::json& entry = mine[key] = nlohmann::json::object();
    for (const auto& [name, value] : diagnostics) {
      std::visit([&entry, &name = name](const auto& numbers) { entry[name] = numbers; }, value);
    }
  }
  nlohmann::json all = nlohmann::json::object();
  for (const std::string& text : world.all_gather(dump(mine), "diagnostics")) {
    if (world.is_root()) all.update(nlohmann::json::parse(text));
  }
  return dump(all);
}

std::string manifest_text(const recipe::Recipe& recipe, const Job& job, const ContentDigests& digests,
                          const std::string& diagnostics) {
  nlohmann::json models = nlohmann::json::array();
  for (std::size_t m = 0; m < job.models.size(); ++m) {
    if (digests.model_digest[m].empty()) continue;
    models.push_back(
        {{"reference", job.models[m].checkpoint.reference}, {"model_digest", digests.model_digest[m]}});
  }
  nlohmann::json manifest = planned_manifest(recipe, job.plan);
  for (std::size_t t = 0; t < job.plan.tasks.size(); ++t) {
    const plan::TensorTask& task = job.plan.tasks[t];
    if (task.begins_tensor()) manifest["tensors"][task.name]["digest"] = digests.output[t].hex();
  }
  manifest["stockpot"] = version();
  manifest["models"] = models;
  manifest["diagnostics"] = nlohmann::json::parse(diagnostics);
  manifest["density"] = nlohmann::json::object();
  manifest["library_results"] = library_results(job.plan);
  return to_text(manifest);
}

void check_manifest(const std::filesystem::path& path, const recipe::Recipe& recipe,
                    const plan::MergePlan& plan) {
  constexpr std::uint64_t largest_manifest_bytes = std::uint64_t{1} << 30;
  const std::string text = io::read_text(path, largest_manifest_bytes);
  nlohmann::json found = nlohmann::json::parse(text, nullptr, false);
  if (!found.is_object() || !found.contains("tensors") || !found["tensors"].is_object()) {
    throw Error(ExitCode::verification, "is no manifest of a merge", {path.string(), ""});
  }
  for (auto& [unused, tensor] : found["tensors"].items()) {
    if (tensor.is_object()) tensor.erase("digest");
  }
  // Through text, as the other was: names that are no UTF-8 change on the way.
  const nlohmann::json planned = nlohmann::json::parse(to_text(planned_manifest(recipe, plan)));
  for (const auto& [key, value] : planned.items()) {
    if (found.contains(key) && found[key] == value) continue;
    throw Error(
        ExitCode::usage,
        "was made by another recipe, other models or options (" + key + " differs); --overwrite starts over",
        {path.parent_path().string(), ""});
  }
}

std::vector<RankReport> gather_reports(comm::Communicator& world, const Job& job) {
  const RankCounters& counters = job.counters;
  const auto seconds = [&job](const std::atomic<std::int64_t>& nanoseconds) {
    return static_cast<double>(nanoseconds.load()) * 1e-9 / static_cast<double>(job.plan.buffers.lanes);
  };
  RankReport mine;
  mine.read_bytes = counters.read_bytes;
  mine.exchanged_bytes = counters.exchanged_bytes;
  mine.written_bytes = counters.written_bytes;
  mine.reduced_bytes = counters.reduced_bytes;
  mine.peak_resident_bytes = resident_memory().peak_bytes;
  mine.peak_buffer_bytes = job.budget.peak_bytes();
  mine.read_seconds = seconds(counters.read_nanoseconds);
  mine.compute_seconds = seconds(counters.compute_nanoseconds);
  mine.write_seconds = seconds(counters.write_nanoseconds);
  mine.nonfinite = static_cast<double>(counters.nonfinite.load());
  return world.all_gather(std::span<const RankReport>(&mine, 1), "reports of the ranks");
}

std::string run_text(const Job& job, const std::vector<RankReport>& ranks, double total_seconds,
                     bool resumed) {
  nlohmann::json per_rank = nlohmann::json::array();
  RankReport sum;
  RankReport longest;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const RankReport& rank = ranks[r];
    per_rank.push_back({{"rank", r},
                        {"peak_resident_bytes", rank.peak_resident_bytes},
                        {"peak_buffer_bytes", rank.peak_buffer_bytes},
                        {"bytes", bytes_json(rank)}});
    sum.read_bytes += rank.read_bytes;
    sum.exchanged_bytes += rank.exchanged_bytes;
    sum.written_bytes += rank.written_bytes;
    sum.reduced_bytes += rank.reduced_bytes;
    longest.read_seconds = std::max(longest.read_seconds, rank.read_seconds);
    longest.compute_seconds = std::max(longest.compute_seconds, rank.compute_seconds);
    longest.write_seconds = std::max(longest.write_seconds, rank.write_seconds);
  }
  const nlohmann::json run = {
      {"ranks", ranks.size()},
      {"threads", job.options.plan.threads},
      {"grid", {job.plan.grid.rows, job.plan.grid.columns}},
      {"seconds",
       {{"total", total_seconds + job.options.mpi_init_seconds},
        {"mpi_init", job.options.mpi_init_seconds},
        {"read", longest.read_seconds},
        {"compute", longest.compute_seconds},
        {"write", longest.write_seconds}}},
      {"bytes", bytes_json(sum)},
      {"per_rank", per_rank},
      {"buffers", {{"lanes", job.plan.buffers.lanes}, {"bytes", job.plan.buffers.bytes()}}},
      {"instruction_set", kernel::instruction_set()},
      {"device", "cpu"},
      {"host", host_name()},
      {"resumed", resumed},
  };
  return to_text(run);
}

}  // namespace stockpot::engine
