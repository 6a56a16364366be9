#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stockpot/tensor/dtype.hpp"

namespace stockpot::report {

/// How elements of two dtypes can be compared.
enum class Comparison {
  floats,    ///< by value, as doubles
  integers,  ///< by value, exactly
  bits,      ///< equal or not
  none,
};
Comparison comparison_of(DType a, DType b);

/// Sums over the elements of a leaf: (a - b)^2, a^2, b^2, a b.
using SquareSums = std::array<double, 4>;

/// What is said of a stretch of elements.
struct ElementDifference {
  SquareSums sums{};
  double largest = 0.0;  ///< |a - b|
  std::uint64_t differing = 0;
};

/// Elements that are summed one after the other (in eight interleaved sums), whoever does it.
inline constexpr std::uint64_t leaf_elements = 65536;

/// Compares leaves of two tensors. Owns two buffers of a leaf in double; not thread-safe.
class LeafComparison {
 public:
  /// @pre comparison_of(a, b) is not none
  LeafComparison(DType a, DType b);

  /// At most `leaf_elements` packed elements of either. Sums are 0 where values can't be compared. F6
  /// elements are told apart by groups of four, their smallest number of whole bytes.
  ElementDifference compare(const std::byte* a, const std::byte* b, std::uint64_t count);

 private:
  void compare_floats(const std::byte* a, const std::byte* b, std::uint64_t count, ElementDifference& found);
  void compare_integers(const std::byte* a, const std::byte* b, std::uint64_t count,
                        ElementDifference& found);

  DType dtype_a_;
  DType dtype_b_;
  Comparison comparison_;
  std::vector<double> values_a_;
  std::vector<double> values_b_;
};

}  // namespace stockpot::report
