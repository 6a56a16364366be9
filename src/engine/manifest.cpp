#include "engine/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "stockpot/base/process.hpp"
#include "stockpot/base/version.hpp"

namespace stockpot::engine {
namespace {

std::string to_text(const nlohmann::json& document) {
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

nlohmann::json bytes_json(std::uint64_t read, std::uint64_t exchanged, std::uint64_t written) {
  return {{"read", read}, {"exchanged", exchanged}, {"written", written}};
}

}  // namespace

std::string manifest_text(const recipe::Recipe& recipe, const Job& job, const ContentDigests& digests) {
  nlohmann::json models = nlohmann::json::array();
  for (std::size_t m = 0; m < job.models.size(); ++m) {
    if (digests.model_digest[m].empty()) continue;
    models.push_back(
        {{"reference", job.models[m].checkpoint.reference}, {"model_digest", digests.model_digest[m]}});
  }
  nlohmann::json tensors = nlohmann::json::object();
  for (std::size_t t = 0; t < job.plan.tasks.size(); ++t) {
    const plan::TensorTask& task = job.plan.tasks[t];
    if (!task.writes()) continue;
    tensors[task.name] = {{"dtype", name(task.dtype)},
                          {"shape", task.shape},
                          {"file", job.plan.layout.files[task.file].name},
                          {"digest", digests.output[t].hex()}};
  }
  const nlohmann::json manifest = {
      {"format_version", 1},
      {"stockpot", version()},
      {"recipe_digest", recipe.digest.hex()},
      {"semantics", recipe.semantics == recipe::Semantics::paper ? "paper" : "mergekit"},
      {"seed", job.plan.seed},
      {"method", recipe.method},
      {"models", models},
      {"tensors", tensors},
      {"diagnostics", nlohmann::json::object()},
      {"density", nlohmann::json::object()},
      {"library_results", nlohmann::json::array()},
  };
  return to_text(manifest);
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
                        {"bytes", bytes_json(rank.read_bytes, rank.exchanged_bytes, rank.written_bytes)}});
    sum.read_bytes += rank.read_bytes;
    sum.exchanged_bytes += rank.exchanged_bytes;
    sum.written_bytes += rank.written_bytes;
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
      {"bytes", bytes_json(sum.read_bytes, sum.exchanged_bytes, sum.written_bytes)},
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
