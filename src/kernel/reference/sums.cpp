#include <cmath>

#include "kernel/kernel_table.hpp"
#include "kernel/lane_sums.hpp"
#include "stockpot/kernel/gram.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::kernel::reference {

double lane_sum(std::span<const double> values) {
  LaneSums lanes{};
  for (std::size_t e = 0; e < values.size(); ++e) lanes[e % sum_lanes] += values[e];
  return fold(lanes);
}

double absolute_sum(std::span<const double> values) {
  LaneSums lanes{};
  for (std::size_t e = 0; e < values.size(); ++e) lanes[e % sum_lanes] += std::abs(values[e]);
  return fold(lanes);
}

double sum_of_products(std::span<const double> a, std::span<const double> b) {
  LaneSums lanes{};
  for (std::size_t e = 0; e < a.size(); ++e) lanes[e % sum_lanes] += a[e] * b[e];
  return fold(lanes);
}

void gram(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
          std::span<double> sums) {
  const auto value = [anchor](TypedInput input, std::uint64_t e) {
    const double x = load_as_double(input.dtype, input.data, e);
    return anchor.data == nullptr ? x : x - load_as_double(anchor.dtype, anchor.data, e);
  };
  for (std::size_t row = 0; row < inputs.size(); ++row) {
    for (std::size_t column = 0; column <= row; ++column) {
      LaneSums lanes{};
      for (std::uint64_t e = 0; e < count; ++e) {
        lanes[e % sum_lanes] += value(inputs[row], e) * value(inputs[column], e);
      }
      sums[gram_index(row, column)] = fold(lanes);
    }
  }
}

}  // namespace stockpot::kernel::reference
