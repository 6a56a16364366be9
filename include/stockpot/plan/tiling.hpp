#pragma once

#include <cstdint>
#include <vector>

#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::plan {

/// Elements [first, first + count) of a tensor.
struct ElementSpan {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// Elements of one unit.
ElementSpan unit_span(const TensorTask& task, const ModelSet& models, std::uint64_t unit);

/// A tile, and how many elements before and after it complete its rows.
struct TileSpan {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;

  [[nodiscard]] std::uint64_t covered() const { return before + count + after; }
};

/// Elements beyond a span that complete its rows: what a span costs to read above its own size.
std::uint64_t rows_overhang(const TensorTask& task, const ElementSpan& span);

/// Cuts a span of a tensor into tiles that fit a lane. Where the method works on rows, tiles end at whole
/// blocks of rows counted from the tensor's beginning, so that only the first and the last one of a span may
/// hold parts of rows.
class Tiling {
 public:
  Tiling(const TensorTask& task, const ModelSet& models, const BufferPlan& buffers, const ElementSpan& span)
      : task_(task),
        length_(tile_elements(task, models, buffers)),
        next_(span.first),
        end_(span.first + span.count) {}
  /// The next tile; false after the last. A span without elements has none.
  bool next(TileSpan& tile);

 private:
  const TensorTask& task_;
  std::uint64_t length_;
  std::uint64_t next_;
  std::uint64_t end_;
};

/// The parts of a span that a sampling round reads, in order.
std::vector<ElementSpan> sampled_leaves(const ElementSpan& span);

/// Number of tiles of a span.
std::uint64_t tile_count(const TensorTask& task, const ModelSet& models, const BufferPlan& buffers,
                         const ElementSpan& span);

}  // namespace stockpot::plan
