#include <algorithm>
#include <cmath>

#include "kernel/reference/elements.hpp"
#include "kernel/selection_kernels.hpp"

namespace stockpot::kernel::reference {
namespace {

/// x - b, or x without an anchor.
double difference(TypedInput x, TypedInput anchor, std::uint64_t index) {
  return anchor.data == nullptr ? element(x, index) : element(x, index) - element(anchor, index);
}

double variance(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t index) {
  const auto models = static_cast<double>(inputs.size());
  double sum = difference(inputs[0], anchor, index);
  for (std::size_t i = 1; i < inputs.size(); ++i) sum = sum + difference(inputs[i], anchor, index);
  const double mean = sum / models;
  double squares = 0.0;
  for (const TypedInput& input : inputs) {
    const double deviation = difference(input, anchor, index) - mean;
    squares = squares + deviation * deviation;
  }
  return squares / models;
}

}  // namespace

void magnitudes(TypedInput x, TypedInput anchor, std::uint64_t count, double* keys) {
  for (std::uint64_t index = 0; index < count; ++index) keys[index] = std::abs(difference(x, anchor, index));
}

void variances(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count, double* keys) {
  for (std::uint64_t index = 0; index < count; ++index) keys[index] = variance(inputs, anchor, index);
}

void variances_not_below(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
                         double least, std::uint64_t* bits) {
  for (std::uint64_t first = 0; first < count; first += 64) {
    std::uint64_t word = 0;
    for (std::uint64_t index = first; index < std::min(first + 64, count); ++index) {
      if (!(variance(inputs, anchor, index) < least)) word |= std::uint64_t{1} << (index - first);
    }
    bits[first / 64] = word;
  }
}

BracketCount count_bracket(std::span<const double> keys, Bracket bracket, double* candidates) {
  BracketCount counts;
  for (const double key : keys) {
    if (key < bracket.low) ++counts.below;
    if (key >= bracket.low && key <= bracket.high) {
      if (candidates != nullptr) candidates[counts.inside] = key;
      ++counts.inside;
    }
  }
  return counts;
}

SelectionKernels selection_kernels() {
  return {magnitudes, variances, variances_not_below, count_bracket};
}

}  // namespace stockpot::kernel::reference
