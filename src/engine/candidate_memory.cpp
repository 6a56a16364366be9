#include "engine/candidate_memory.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "stockpot/plan/tiling.hpp"

namespace stockpot::engine {
namespace {

constexpr std::uint64_t cache_line_bytes = 64;

}  // namespace

std::vector<OutputRun> output_runs(const plan::MergePlan& plan, const plan::ModelSet& models,
                                   std::uint64_t row) {
  std::vector<OutputRun> runs;
  for (const plan::Piece& piece : plan.pieces[row]) {
    const plan::TensorTask& task = plan.tasks[piece.task];
    if (!task.writes() || piece.first_unit == piece.end_unit) continue;
    const plan::ElementSpan first = plan::unit_span(task, models, piece.first_unit);
    const plan::ElementSpan last = plan::unit_span(task, models, piece.end_unit - 1);
    const std::uint64_t element_bytes = plan::output_element_bytes(task);
    const std::uint64_t elements = last.first + last.count - first.first;
    runs.push_back({task.file, task.offset + first.first * element_bytes, elements * element_bytes, 0});
  }
  std::sort(runs.begin(), runs.end(), [](const OutputRun& a, const OutputRun& b) {
    return std::pair(a.file, a.offset) < std::pair(b.file, b.offset);
  });
  std::uint64_t place = 0;
  for (OutputRun& run : runs) {
    run.place = place;
    place += (run.bytes + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
  }
  return runs;
}

void CandidateMemory::prepare(const plan::MergePlan& plan, const plan::ModelSet& models, std::uint64_t row) {
  runs_ = output_runs(plan, models, row);
  data_.resize(runs_.empty() ? 0 : runs_.back().place + runs_.back().bytes);
}

std::uint64_t CandidateMemory::place_of(std::uint32_t file, std::uint64_t offset) const {
  const auto next = std::upper_bound(
      runs_.begin(), runs_.end(), std::pair(file, offset),
      [](const auto& key, const OutputRun& run) { return key < std::pair(run.file, run.offset); });
  const OutputRun& run = *std::prev(next);
  return run.place + (offset - run.offset);
}

void CandidateMemory::write(std::uint32_t file, std::uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  std::byte* const place = room(file, offset);
  if (place != bytes.data()) std::memcpy(place, bytes.data(), bytes.size());
}

std::byte* CandidateMemory::room(std::uint32_t file, std::uint64_t offset) {
  return data_.data() + place_of(file, offset);
}

void CandidateMemory::read(std::uint32_t file, std::uint64_t offset, std::span<std::byte> bytes) {
  if (bytes.empty()) return;
  std::memcpy(bytes.data(), data_.data() + place_of(file, offset), bytes.size());
}

}  // namespace stockpot::engine
