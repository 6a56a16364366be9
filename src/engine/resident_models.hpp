#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "stockpot/engine/memory_budget.hpp"
#include "stockpot/io/scratch_file.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {

struct Job;

/// This rank's share of all models, as tiles hold it (stored dtypes), so that merge after merge reads no
/// file: in memory as far as a limit allows, the rest in one scratch file. Once loaded it only answers, to
/// any number of threads.
class ResidentModels {
 public:
  /// Local. Room for what row `row` of a plan reads; every model gets its proportion of `limit_bytes` of
  /// memory. `folder`: where the scratch file may be made. Reads nothing.
  ResidentModels(const plan::MergePlan& plan, const plan::ModelSet& models, std::uint64_t row,
                 std::optional<std::uint64_t> limit_bytes, const std::filesystem::path& folder);

  /// Local. Reads the share of one model with so many threads. Throws what reading throws, and
  /// Error{system_io} where the scratch file can't be written. Cost: one reading of the share, one writing of
  /// what memory doesn't hold.
  void load(Job& job, std::uint32_t model, int threads);

  /// Elements [first, first + count) of an input, as the task counts them, where they lie in memory; null if
  /// they don't.
  [[nodiscard]] const std::byte* find(const plan::TensorTask& task, const plan::InputRef& input,
                                      std::uint64_t first, std::uint64_t count) const;
  /// Copies them from the scratch file; false if they aren't there.
  [[nodiscard]] bool read(const plan::TensorTask& task, const plan::InputRef& input, std::uint64_t first,
                          std::uint64_t count, std::byte* out) const;

  [[nodiscard]] std::uint64_t memory_bytes() const { return memory_bytes_; }
  [[nodiscard]] std::uint64_t scratch_bytes() const { return scratch_bytes_; }

 private:
  /// Consecutive elements of one input of one task.
  struct Segment {
    std::uint32_t task = 0;
    plan::InputRef input;
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint64_t element_bytes = 0;
    std::uint64_t offset = 0;  ///< in the model's memory, or in the scratch file
    bool is_held = true;

    [[nodiscard]] std::uint64_t bytes() const { return count * element_bytes; }
  };
  /// Model, view, and whether its elements are bytes.
  using Key = std::tuple<std::uint32_t, std::uint32_t, bool>;
  /// By the view's first element.
  using Segments = std::map<std::uint64_t, Segment>;

  void place(std::uint32_t model, std::uint64_t limit_bytes);
  void load(Job& job, const Segment& segment);
  /// The segment that has these elements; null if none has them all.
  [[nodiscard]] const Segment* segment_of(const plan::TensorTask& task, const plan::InputRef& input,
                                          std::uint64_t first, std::uint64_t count) const;

  std::map<Key, Segments> segments_;
  std::vector<std::vector<Segment*>> of_model_;
  MemoryBudget budget_{std::nullopt};
  std::map<std::uint32_t, MemoryBudget::Token> memory_;  ///< by model
  std::optional<io::ScratchFile> scratch_;
  std::uint64_t memory_bytes_ = 0;
  std::uint64_t scratch_bytes_ = 0;
};

}  // namespace stockpot::engine
