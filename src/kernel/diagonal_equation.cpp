#include "stockpot/kernel/diagonal_equation.hpp"

#include <algorithm>

#include "kernel/require.hpp"

namespace stockpot::kernel {
namespace {

constexpr std::size_t block_elements = 4096;

std::span<const double> widen(TypedInput input, std::size_t first, std::vector<double>& buffer) {
  convert(skip(input, first), {DType::f64, reinterpret_cast<std::byte*>(buffer.data())}, buffer.size());
  return buffer;
}

}  // namespace

void diagonal_equation(const DiagonalForm& form, std::span<const TypedInput> inputs,
                       std::span<const TypedInput> fisher, std::span<double> diagonal,
                       std::span<double> rhs) {
  require(form.weights.size() == inputs.size() && fisher.size() == inputs.size(),
          "diagonal equation: a weight and Fisher values for each model");
  require(diagonal.size() == rhs.size(), "diagonal equation: lists of different lengths");
  std::fill(diagonal.begin(), diagonal.end(), 0.0);
  std::fill(rhs.begin(), rhs.end(), 0.0);
  std::vector<double> value_buffer;
  std::vector<double> fisher_buffer;
  for (std::size_t first = 0; first < rhs.size(); first += block_elements) {
    const std::size_t count = std::min(block_elements, rhs.size() - first);
    value_buffer.resize(count);
    fisher_buffer.resize(count);
    for (std::size_t model = 0; model < inputs.size(); ++model) {
      const std::span<const double> x = widen(inputs[model], first, value_buffer);
      const std::span<const double> f = widen(fisher[model], first, fisher_buffer);
      for (std::size_t e = 0; e < count; ++e) {
        const double share = form.weights[model] * std::max(f[e], form.floor);
        diagonal[first + e] += share;
        rhs[first + e] += share * x[e];
      }
    }
  }
}

}  // namespace stockpot::kernel
