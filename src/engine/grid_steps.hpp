#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/job.hpp"
#include "stockpot/plan/tiling.hpp"

namespace stockpot::engine {

/// Elements of one unit that a row works through: all of it, or what a survey reads of it.
struct GridItem {
  std::uint32_t task = 0;
  std::uint64_t unit = 0;
  plan::ElementSpan span;
  bool surveys = false;  ///< the tiles go to the survey of the task's scope, else they are merged
};

/// Units of a row to merge, in order: of the tasks for which `wanted` holds, those aside whose keys stand in
/// `done`, which is sorted.
std::vector<GridItem> merge_items(const Job& job, std::uint64_t row, const std::vector<std::uint64_t>& done,
                                  const std::function<bool(std::uint32_t task)>& wanted);
/// What the next round of a scope's survey reads of a row.
std::vector<GridItem> survey_items(const Job& job, std::uint64_t row, std::uint32_t scope);

/// One tile of a row's work, which all columns of the row do together.
struct GridStep {
  std::uint32_t task = 0;
  std::uint64_t unit = 0;
  plan::TileSpan tile;
  std::uint64_t owner = 0;  ///< column that writes
  bool surveys = false;
  bool last_of_unit = false;  ///< of a merge
};

/// Tiles of a row's items, one after the other. An item without elements is one empty tile.
class GridSteps {
 public:
  GridSteps(const Job& job, std::vector<GridItem> items) : job_(job), items_(std::move(items)) {}
  /// False after the last.
  bool next(GridStep& step);
  /// Of all items.
  [[nodiscard]] std::uint64_t count() const;

 private:
  const Job& job_;
  std::vector<GridItem> items_;
  std::size_t item_ = 0;
  std::optional<plan::Tiling> tiles_;  ///< of the item under way
};

}  // namespace stockpot::engine
