#include "merge_report.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "comparison.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/base/version.hpp"

namespace stockpot::bench {

namespace {

using Json = nlohmann::ordered_json;

std::vector<double> seconds_of(const std::vector<MergeTiming>& merges) {
  std::vector<double> seconds;
  for (const MergeTiming& merge : merges) seconds.push_back(merge.seconds);
  return seconds;
}

std::vector<std::uint64_t> largest_peaks(const std::vector<MergeTiming>& merges) {
  std::vector<std::uint64_t> peaks = merges.front().peak_resident_bytes;
  for (const MergeTiming& merge : merges) {
    for (std::size_t rank = 0; rank < peaks.size() && rank < merge.peak_resident_bytes.size(); ++rank) {
      peaks[rank] = std::max(peaks[rank], merge.peak_resident_bytes[rank]);
    }
  }
  return peaks;
}

/// Of the median merge, by rank.
std::vector<double> bytes_per_second(const MergeResult& result) {
  const double seconds = median(seconds_of(result.merges));
  std::vector<double> rates;
  for (const std::uint64_t moved : result.merges.front().moved_bytes)
    rates.push_back(static_cast<double>(moved) / seconds);
  return rates;
}

std::uint64_t moved_by_all(const MergeResult& result) {
  std::uint64_t bytes = 0;
  for (const std::uint64_t moved : result.merges.front().moved_bytes) bytes += moved;
  return bytes;
}

double mpi_init_seconds(const MergeResult& result) {
  std::vector<double> seconds;
  for (const MergeTiming& merge : result.merges) seconds.push_back(merge.mpi_init_seconds);
  return median(seconds);
}

}  // namespace

std::vector<double> MergeResult::ratios() const {
  std::vector<double> ratios;
  for (std::size_t pair = 0; pair < merges.size(); ++pair)
    ratios.push_back(merges[pair].seconds / floor_seconds[pair]);
  return ratios;
}

std::string to_line(const MergeResult& result) {
  const std::vector<double> ratios = result.ratios();
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  std::string line = fmt::format(
      "{} on {} rank{}, {}: {:.2f} F [{:.2f} .. {:.2f}], merge {:.3f} s, floor {:.3f} s, MPI_Init {:.3f} s",
      result.recipe, result.ranks, result.ranks == 1 ? "" : "s", result.sync ? "fsync" : "no fsync",
      median(ratios), *least, *most, median(seconds_of(result.merges)), median(result.floor_seconds),
      mpi_init_seconds(result));
  const std::vector<double> rates = bytes_per_second(result);
  const std::vector<std::uint64_t> peaks = largest_peaks(result.merges);
  for (std::size_t rank = 0; rank < rates.size(); ++rank) {
    line += fmt::format("; rank {}: {}/s, peak {}", rank,
                        format_size(static_cast<std::uint64_t>(rates[rank])), format_size(peaks[rank]));
  }
  if (result.mergekit_seconds) line += fmt::format("; mergekit {:.1f} s", *result.mergekit_seconds);
  return line;
}

std::string to_json(const std::vector<MergeResult>& results) {
  Json list = Json::array();
  for (const MergeResult& result : results) {
    const std::vector<double> merge_seconds = seconds_of(result.merges);
    const auto moved = static_cast<double>(moved_by_all(result));
    const std::vector<double> ratios = result.ratios();
    Json item = {
        {"name", fmt::format("{}_ranks{}_{}", result.recipe, result.ranks, result.sync ? "fsync" : "nosync")},
        {"ratio", median(ratios)},
        {"rate", moved / median(merge_seconds) / 1e9},
        {"reference", moved / median(result.floor_seconds) / 1e9},
        {"recipe", result.recipe},
        {"ranks", result.ranks},
        {"fsync", result.sync},
        {"input_bytes", result.input_bytes},
        {"ratios", ratios},
        {"merge_seconds", merge_seconds},
        {"floor_seconds", result.floor_seconds},
        {"mpi_init_seconds", mpi_init_seconds(result)},
        {"bytes_per_second", bytes_per_second(result)},
        {"peak_resident_bytes", largest_peaks(result.merges)}};
    if (result.mergekit_seconds) item["mergekit_seconds"] = *result.mergekit_seconds;
    list.push_back(std::move(item));
  }
  const Json document = {{"stockpot", std::string(version())},
                         {"revision", std::string(revision())},
                         {"processors", available_processors()},
                         {"results", std::move(list)}};
  return document.dump(2) + "\n";
}

}  // namespace stockpot::bench
