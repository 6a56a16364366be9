#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/output_data.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {

/// Consecutive bytes of an output's data file that one rank makes.
struct OutputRun {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t place = 0;  ///< in the memory of its rank
};

/// What row `row` of a plan makes, by file and offset. Pure: any rank knows it of every other.
std::vector<OutputRun> output_runs(const plan::MergePlan& plan, const plan::ModelSet& models,
                                   std::uint64_t row);

/// One rank's share of an output that is never written. Keeps its memory from one output to the next.
class CandidateMemory : public OutputData {
 public:
  /// Makes room for what row `row` makes. Not while anything else uses it.
  void prepare(const plan::MergePlan& plan, const plan::ModelSet& models, std::uint64_t row);

  void write(std::uint32_t file, std::uint64_t offset, std::span<const std::byte> bytes) override;
  std::byte* room(std::uint32_t file, std::uint64_t offset) override;
  void read(std::uint32_t file, std::uint64_t offset, std::span<std::byte> bytes) override;
  void sync() override {}

  [[nodiscard]] const std::vector<OutputRun>& runs() const { return runs_; }
  [[nodiscard]] std::span<const std::byte> data(const OutputRun& run) const {
    return std::span(data_).subspan(run.place, run.bytes);
  }
  [[nodiscard]] std::uint64_t size_bytes() const { return data_.size(); }

 private:
  /// Where a stretch of a file lies. @pre one run has it all
  [[nodiscard]] std::uint64_t place_of(std::uint32_t file, std::uint64_t offset) const;

  std::vector<OutputRun> runs_;
  std::vector<std::byte> data_;
};

}  // namespace stockpot::engine
