#include "stockpot/plan/tiling.hpp"

#include <algorithm>

namespace stockpot::plan {
namespace {

std::uint64_t before_row(const TensorTask& task, std::uint64_t element) {
  return element % task.row_elements;
}

std::uint64_t to_end_of_row(const TensorTask& task, std::uint64_t element) {
  const std::uint64_t missing = (task.row_elements - element % task.row_elements) % task.row_elements;
  return std::min(missing, task.elements - element);
}

}  // namespace

ElementSpan unit_span(const TensorTask& task, const ModelSet& models, std::uint64_t unit) {
  const std::uint64_t length = unit_elements(task, models);
  const std::uint64_t first = std::min(task.elements, unit * length);
  return {first, std::min(length, task.elements - first)};
}

std::uint64_t rows_overhang(const TensorTask& task, const ElementSpan& span) {
  if (span.count == 0) return 0;
  return before_row(task, span.first) + to_end_of_row(task, span.first + span.count);
}

std::vector<ElementSpan> sampled_leaves(const ElementSpan& span) {
  std::vector<ElementSpan> leaves;
  const std::uint64_t end = span.first + span.count;
  const std::uint64_t window_elements = method::sampling_window * leaf_elements;
  for (std::uint64_t window = span.first / window_elements; window * window_elements < end; ++window) {
    const std::uint64_t leaf = method::sampled_leaf(window);
    const std::uint64_t begin = std::max(leaf * leaf_elements, span.first);
    const std::uint64_t stop = std::min((leaf + 1) * leaf_elements, end);
    if (begin < stop) leaves.push_back({begin, stop - begin});
  }
  return leaves;
}

bool Tiling::next(TileSpan& tile) {
  if (next_ >= end_) return false;
  const std::uint64_t end = task_.row_elements == 1 ? next_ + length_ : (next_ / length_ + 1) * length_;
  tile.first = next_;
  tile.count = std::min(end, end_) - next_;
  tile.before = before_row(task_, tile.first);
  tile.after = to_end_of_row(task_, tile.first + tile.count);
  next_ += tile.count;
  return true;
}

std::uint64_t tile_count(const TensorTask& task, const ModelSet& models, const BufferPlan& buffers,
                         const ElementSpan& span) {
  if (span.count == 0) return 0;
  const std::uint64_t length = tile_elements(task, models, buffers);
  if (task.row_elements == 1) return (span.count + length - 1) / length;
  return (span.first + span.count - 1) / length - span.first / length + 1;
}

}  // namespace stockpot::plan
