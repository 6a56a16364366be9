#include "method/fusion_importance.hpp"

#include <algorithm>

#include "stockpot/kernel/selection.hpp"

namespace stockpot::method {
namespace {

void widen(kernel::TypedInput input, std::uint64_t count, std::vector<double>& values) {
  values.resize(count);
  kernel::convert(input, {DType::f64, reinterpret_cast<std::byte*>(values.data())}, count);
}

}  // namespace

std::span<const double> FusionImportance::of(kernel::TypedInput x, kernel::TypedInput b,
                                             std::uint64_t count) {
  widen(x, count, x_);
  widen(b, count, b_);
  importances_.resize(count);
  kernel::magnitudes(x, b, count, importances_.data());
  for (std::uint64_t first = 0; first < count; first += row_length_) {
    const std::uint64_t length = std::min(row_length_, count - first);
    const double divergence =
        divergence_.of(std::span(x_).subspan(first, length), std::span(b_).subspan(first, length));
    for (std::uint64_t e = first; e < first + length; ++e) importances_[e] *= divergence;
  }
  return importances_;
}

}  // namespace stockpot::method
