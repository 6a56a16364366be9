#pragma once

#include <cstdint>
#include <vector>

#include "engine/job.hpp"

namespace stockpot::engine {

/// One tile of a row's work, which all columns of the row do together.
struct GridStep {
  std::uint32_t task = 0;
  std::uint64_t unit = 0;
  std::uint64_t first = 0;  ///< element of the tensor
  std::uint64_t count = 0;
  std::uint64_t owner = 0;  ///< column that writes
  bool last_of_unit = false;
};

/// Tiles of a row in order, one after the other; units named in `done` are left out.
class GridSteps {
 public:
  GridSteps(const Job& job, std::uint64_t row, const std::vector<std::uint64_t>& done);
  /// False after the last.
  bool next(GridStep& step);

 private:
  bool start_unit();

  const Job& job_;
  const std::vector<plan::Piece>& pieces_;
  std::vector<std::uint64_t> done_;  ///< sorted keys
  std::size_t piece_ = 0;
  std::uint64_t unit_ = 0;
  bool inside_ = false;
  UnitRange range_;
  std::uint64_t offset_ = 0;
};

/// Number of tiles of a row, none left out.
std::uint64_t step_count(const Job& job, std::uint64_t row);

}  // namespace stockpot::engine
