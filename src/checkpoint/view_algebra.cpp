#include "checkpoint/view_algebra.hpp"

#include <algorithm>
#include <numeric>

namespace stockpot::checkpoint {
namespace {

std::uint64_t product(const Shape& shape, std::size_t begin, std::size_t end) {
  std::uint64_t result = 1;
  for (std::size_t i = begin; i < end; ++i) result *= shape[i];
  return result;
}

std::uint64_t stored_elements(const Checkpoint& checkpoint, const ViewPart& part) {
  return checkpoint.tensors[part.tensor].elements();
}

bool is_one_range(const TensorView& view) {
  return view.parts.size() == 1 && (view.rows == 1 || view.parts[0].run == view.parts[0].stride);
}

/// Says the same view in `rows` rows; false if its parts do not allow it.
bool set_rows(TensorView& view, std::uint64_t rows) {
  if (view.rows == rows) return true;
  if (!is_one_range(view) || rows == 0) return false;
  ViewPart& part = view.parts[0];
  part.run = part.run * view.rows / rows;
  part.stride = part.run;
  view.rows = rows;
  return true;
}

bool continues(const ViewPart& part, const ViewPart& next) {
  return part.tensor == next.tensor && part.stride == next.stride && part.first + part.run == next.first;
}

/// The one canonical form: neighbours joined, one range in one row, nothing as an empty range.
void normalise(const Checkpoint& checkpoint, TensorView& view) {
  if (view.elements() == 0) {
    view.rows = 1;
    view.parts.resize(1);
    view.parts[0].first = view.parts[0].run = 0;
  }
  std::vector<ViewPart> joined;
  for (const ViewPart& part : view.parts) {
    if (!joined.empty() && continues(joined.back(), part)) {
      joined.back().run += part.run;
    } else if (part.run > 0 || view.parts.size() == 1) {
      joined.push_back(part);
    }
  }
  view.parts = std::move(joined);
  if (is_one_range(view)) set_rows(view, 1);
  if (view.rows == 1) {
    for (ViewPart& part : view.parts) part.stride = stored_elements(checkpoint, part);
  }
}

/// Whole rows out of a view of several: possible when nothing but `dim` and dimensions behind it make rows.
bool keep_rows(TensorView& view, const Shape& whole, std::size_t dim, std::uint64_t first,
               std::uint64_t size) {
  if (view.rows == 1 || product(whole, 0, dim) != 1 || view.rows % whole[dim] != 0) return false;
  const std::uint64_t rows_each = view.rows / whole[dim];
  for (ViewPart& part : view.parts) part.first += first * rows_each * part.stride;
  view.rows = size * rows_each;
  return true;
}

}  // namespace

TensorView whole_view(const Checkpoint& checkpoint, std::uint32_t index,
                      const std::optional<BlockScale>& scale) {
  const StoredTensor& tensor = checkpoint.tensors[index];
  const std::uint64_t elements = tensor.elements();
  return {tensor.name,
          tensor.shape,
          scale ? DType::f64 : tensor.dtype,
          1,
          {{index, 0, elements, elements, scale}}};
}

std::optional<TensorView> cut_view(const Checkpoint& checkpoint, const TensorView& view, std::size_t dim,
                                   std::uint64_t first, std::uint64_t size) {
  TensorView cut = view;
  cut.name.clear();
  cut.shape[dim] = size;
  if (cut.elements() > 0 && !keep_rows(cut, view.shape, dim, first, size)) {
    if (!set_rows(cut, product(view.shape, 0, dim))) return std::nullopt;
    const std::uint64_t inner = product(view.shape, dim + 1, view.shape.size());
    const std::uint64_t wanted_begin = first * inner;
    const std::uint64_t wanted_end = wanted_begin + size * inner;
    std::vector<ViewPart> parts;
    std::uint64_t begin = 0;
    for (const ViewPart& part : cut.parts) {
      const std::uint64_t from = std::clamp(wanted_begin, begin, begin + part.run) - begin;
      const std::uint64_t to = std::clamp(wanted_end, begin, begin + part.run) - begin;
      begin += part.run;
      if (from == to) continue;
      ViewPart& kept = parts.emplace_back(part);
      kept.first += from;
      kept.run = to - from;
    }
    cut.parts = std::move(parts);
  }
  normalise(checkpoint, cut);
  return cut;
}

std::optional<TensorView> join_views(const Checkpoint& checkpoint, std::span<const TensorView* const> views,
                                     std::size_t dim) {
  TensorView joined = *views.front();
  joined.name.clear();
  joined.shape[dim] =
      std::accumulate(views.begin(), views.end(), std::uint64_t{0},
                      [&](std::uint64_t sum, const TensorView* view) { return sum + view->shape[dim]; });
  if (joined.elements() > 0) {
    joined.rows = product(joined.shape, 0, dim);
    joined.parts.clear();
    for (const TensorView* view : views) {
      if (view->elements() == 0) continue;
      TensorView piece = *view;
      if (!set_rows(piece, joined.rows)) return std::nullopt;
      joined.parts.insert(joined.parts.end(), piece.parts.begin(), piece.parts.end());
    }
  }
  normalise(checkpoint, joined);
  return joined;
}

bool fills_whole_bytes(const Checkpoint& checkpoint, const TensorView& view) {
  return std::all_of(view.parts.begin(), view.parts.end(), [&](const ViewPart& part) {
    const auto width = static_cast<std::uint64_t>(bits(checkpoint.tensors[part.tensor].dtype));
    return part.first * width % 8 == 0 && part.run * width % 8 == 0 &&
           (view.rows == 1 || part.stride * width % 8 == 0);
  });
}

}  // namespace stockpot::checkpoint
