#include "method/layer_equation.hpp"

#include <algorithm>

#include "stockpot/tensor/convert.hpp"

namespace stockpot::method {
namespace {

/// Columns that are widened to doubles at once.
constexpr std::uint64_t columns_at_once = 512;

bool has_whole_columns(const TensorContext& tensor) {
  return tensor.shape.size() == 1 || tensor.matrices.inputs_are_last;
}

std::byte* bytes_of(std::span<double> values) {
  return reinterpret_cast<std::byte*>(values.data());
}

}  // namespace

std::uint64_t columns_run(const TensorContext& tensor) {
  if (tensor.shape.size() == 1 || !has_whole_columns(tensor))
    return std::max<std::uint64_t>(1, tensor.elements);
  return std::max<std::uint64_t>(1, tensor.matrices.order * kernel::product_tile_rows);
}

LayerEquation::LayerEquation(const TensorContext& tensor)
    : models_(tensor.models),
      has_anchor_(tensor.has_anchor),
      order_(tensor.matrices.order),
      elements_(tensor.elements),
      by_columns_(has_whole_columns(tensor)) {}

void LayerEquation::take(const Tile& tile) {
  Block block{tile.first, tile.count, {}};
  std::vector<DType> dtypes;
  const auto keep = [&](kernel::TypedInput input) {
    const auto element_bytes = static_cast<std::uint64_t>(bytes(input.dtype));
    block.models.emplace_back(input.data, input.data + tile.count * element_bytes);
    dtypes.push_back(input.dtype);
  };
  for (const kernel::TypedInput& input : tile.inputs) keep(input);
  if (has_anchor_) keep(tile.anchor);
  const std::lock_guard lock(mutex_);
  dtypes_ = std::move(dtypes);
  blocks_.push_back(std::move(block));
}

void LayerEquation::begin() {
  std::vector<OwnElements> stretches;
  for (const Block& block : blocks_) stretches.push_back({block.first, block.count, 0});
  unknown_.set_stretches(std::move(stretches));
  unknown_.values().assign(unknown_.count(), 0.0);
}

const LayerEquation::Block& LayerEquation::block_at(std::uint64_t first) const {
  return *std::find_if(blocks_.begin(), blocks_.end(),
                       [first](const Block& block) { return block.first == first; });
}

kernel::Columns LayerEquation::columns_of(const OwnElements& stretch, std::span<double> flat) const {
  const std::uint64_t count = stretch.count / order_;
  double* const data = flat.data() + stretch.offset;
  if (by_columns_) return {data, order_, count, 1, order_};
  return {data, order_, count, count, 1};
}

kernel::ConstColumns LayerEquation::columns_of(const OwnElements& stretch,
                                               std::span<const double> flat) const {
  const std::uint64_t count = stretch.count / order_;
  const double* const data = flat.data() + stretch.offset;
  if (by_columns_) return {data, order_, count, 1, order_};
  return {data, order_, count, count, 1};
}

std::uint64_t LayerEquation::first_column(const OwnElements& stretch) const {
  return by_columns_ ? stretch.first / order_ : 0;
}

kernel::ConstColumns LayerEquation::all_columns(std::span<const double> whole) const {
  return columns_of({0, elements_, 0}, whole);
}

void LayerEquation::add_product(std::size_t model, const kernel::SymmetricPanel& gram,
                                kernel::SymmetricScale scale, std::span<double> sum) const {
  std::vector<double> widened;
  for (const OwnElements& stretch : unknown_.stretches()) {
    const Block& block = block_at(stretch.first);
    const kernel::TypedInput stored{dtypes_[model], block.models[model].data()};
    const kernel::Columns all = columns_of(stretch, sum);
    const std::uint64_t step = by_columns_ ? columns_at_once : std::max<std::uint64_t>(1, all.count);
    for (std::uint64_t first = 0; first < all.count; first += step) {
      const std::uint64_t count = std::min<std::uint64_t>(step, all.count - first);
      widened.resize(count * order_);
      kernel::convert(kernel::skip(stored, first * order_), {DType::f64, bytes_of(widened)}, count * order_);
      const kernel::ConstColumns x{widened.data(), order_, count, all.row_stride, all.column_stride};
      const kernel::Columns y{all.column(first) + gram.first * all.row_stride, gram.end - gram.first, count,
                              all.row_stride, all.column_stride};
      kernel::add_symmetric_product(gram, scale, x, y);
    }
  }
}

Tile LayerEquation::stored_tile(const Block& block, std::vector<kernel::TypedInput>& inputs) const {
  inputs.clear();
  for (std::size_t i = 0; i < block.models.size(); ++i)
    inputs.push_back({dtypes_[i], block.models[i].data()});
  Tile tile;
  tile.first = block.first;
  tile.count = block.count;
  tile.inputs = std::span(inputs).first(models_);
  if (has_anchor_) tile.anchor = inputs.back();
  return tile;
}

void LayerEquation::apply(const ElementPass& pass, std::span<double> values) const {
  std::vector<kernel::TypedInput> inputs;
  for (const OwnElements& stretch : unknown_.stretches()) {
    Tile tile = stored_tile(block_at(stretch.first), inputs);
    tile.output = {DType::f64, bytes_of(values.subspan(stretch.offset))};
    pass.apply(tile);
  }
}

void LayerEquation::widen(std::size_t model, std::span<double> flat) const {
  for (const OwnElements& stretch : unknown_.stretches()) {
    const kernel::TypedInput stored{dtypes_[model], block_at(stretch.first).models[model].data()};
    kernel::convert(stored, {DType::f64, bytes_of(flat.subspan(stretch.offset))}, stretch.count);
  }
}

void LayerEquation::set_mean(std::uint64_t row, std::span<const double> weights) {
  double divisor = 0.0;
  for (const double weight : weights) divisor += weight;
  for (const OwnElements& stretch : unknown_.stretches()) {
    const Block& block = block_at(stretch.first);
    const kernel::Columns columns = columns_of(stretch, std::span<double>(unknown_.values()));
    for (std::size_t c = 0; c < columns.count; ++c) {
      const std::uint64_t at = c * columns.column_stride + row * columns.row_stride;
      double sum = 0.0;
      for (std::size_t i = 0; i < models_; ++i) {
        const double term = weights[i] * load_as_double(dtypes_[i], block.models[i].data(), at);
        sum = i == 0 ? term : sum + term;
      }
      columns.data[at] = sum / divisor;
    }
  }
}

}  // namespace stockpot::method
