#include "method/matrix_sum.hpp"

#include <algorithm>

#include "stockpot/kernel/symmetric.hpp"

namespace stockpot::method {

std::uint64_t MatrixSum::panels() const {
  return (order_ + kernel::product_tile_rows - 1) / kernel::product_tile_rows;
}

void MatrixSum::add_panel(std::uint64_t panel, MatrixSource& source, const LayerEquation* equation,
                          std::span<double> product_sum) {
  const std::uint64_t first = panel * kernel::product_tile_rows;
  const std::uint64_t end = std::min<std::uint64_t>(first + kernel::product_tile_rows, order_);
  std::vector<double> rows(order_ * (end - first));
  for (std::size_t model = 0; model < weights_.size(); ++model) {
    source.read(0, model, MatrixSide::input, first, end, rows);
    const kernel::SymmetricPanel gram{rows.data(), order_, first, end, end - first};
    const kernel::SymmetricScale scale{alpha_, weights_[model]};
    if (equation != nullptr) equation->add_product(model, gram, scale, product_sum);
    kernel::add_symmetric(gram, scale, values_.data(), order_);
  }
}

std::uint64_t MatrixSum::lane_bytes(const TensorContext& tensor) {
  constexpr std::uint64_t columns_at_once = 512;
  const std::uint64_t order = tensor.matrices.order;
  const std::uint64_t columns = order == 0 ? 0 : tensor.elements / order;
  const std::uint64_t some = std::min(columns, columns_at_once);
  // Where columns don't lie together all of them are widened, and those of a product are copied, twice.
  const bool has_whole_columns = tensor.shape.size() == 1 || tensor.matrices.inputs_are_last;
  const std::uint64_t widened = has_whole_columns ? some : columns + 2 * some;
  return sizeof(double) * order * (std::min<std::uint64_t>(order, kernel::product_tile_rows) + widened);
}

}  // namespace stockpot::method
