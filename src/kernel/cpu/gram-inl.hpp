// Sums of products of typed vectors. Included once per instruction set.
#if defined(STOCKPOT_KERNEL_GRAM_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_GRAM_INL_HPP
#undef STOCKPOT_KERNEL_GRAM_INL_HPP
#else
#define STOCKPOT_KERNEL_GRAM_INL_HPP
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "kernel/cpu/linear_form-inl.hpp"
#include "kernel/cpu/sums-inl.hpp"
#include "kernel/kernel_table.hpp"
#include "stockpot/kernel/gram.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

/// Vectors of doubles are widened block by block, then multiplied in square tiles of this many vectors each
/// way. A tile's sums, one vector register each, need 32 registers for 4 by 4.
inline constexpr std::size_t tile_vectors = hn::MaxLanes(F64()) >= 8 ? 4 : 3;

/// Whole groups of every format and whole rounds of the lanes; blocks are padded to it with zeros, whose
/// products, +0, change no lane.
inline constexpr std::size_t gram_step = std::max(sum_lanes, 4 * hn::MaxLanes(F64()));

/// Widened vectors of one block, `stride` apart, and sum_lanes doubles for each sum of products.
struct GramBlock {
  const double* values;
  std::size_t stride;
  std::size_t count;  ///< a multiple of sum_lanes
  double* lane_values;
};

/// Adds the products of vectors first_row, ... with first_column, ...; of a triangle only the lower one.
template <std::size_t rows, std::size_t columns, bool triangle>
void add_products(const GramBlock& block, std::size_t first_row, std::size_t first_column) {
  const F64 tag;
  const double* const left = block.values + first_row * block.stride;
  const double* const right = block.values + first_column * block.stride;
  for (std::size_t lane = 0; lane < sum_lanes; lane += hn::MaxLanes(tag)) {
    double* lanes_of_row[rows];
    Doubles sums[rows][columns];
    for (std::size_t row = 0; row < rows; ++row) {
      lanes_of_row[row] = block.lane_values + gram_index(first_row + row, first_column) * sum_lanes + lane;
      for (std::size_t column = 0; column < (triangle ? row + 1 : columns); ++column) {
        sums[row][column] = hn::Load(tag, lanes_of_row[row] + column * sum_lanes);
      }
    }
    for (std::size_t e = lane; e < block.count; e += sum_lanes) {
      Doubles x[columns];
      for (std::size_t column = 0; column < columns; ++column) {
        x[column] = hn::Load(tag, right + column * block.stride + e);
      }
      for (std::size_t row = 0; row < rows; ++row) {
        const Doubles y = triangle ? x[row] : hn::Load(tag, left + row * block.stride + e);
        for (std::size_t column = 0; column < (triangle ? row + 1 : columns); ++column) {
          sums[row][column] = hn::Add(sums[row][column], hn::Mul(y, x[column]));
        }
      }
    }
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < (triangle ? row + 1 : columns); ++column) {
        hn::Store(sums[row][column], tag, lanes_of_row[row] + column * sum_lanes);
      }
    }
  }
}

/// The tiles of `rows` vectors from first_row on, with all vectors up to the last of them.
template <std::size_t rows = tile_vectors>
void add_tile_row(const GramBlock& block, std::size_t first_row, std::size_t row_count) {
  if constexpr (rows > 1) {
    if (row_count < rows) return add_tile_row<rows - 1>(block, first_row, row_count);
  }
  for (std::size_t column = 0; column < first_row; column += tile_vectors) {
    add_products<rows, tile_vectors, false>(block, first_row, column);
  }
  add_products<rows, rows, true>(block, first_row, first_row);
}

/// Whole groups as doubles, less `anchor` where given.
template <class In>
void widen_difference(const std::byte* data, const double* anchor, double* values, std::uint64_t count) {
  if (anchor == nullptr) return widen<In>(data, values, count);
  const std::size_t group = group_elements();
  for (std::uint64_t e = 0; e < count; e += group) {
    store_doubles(subtract(In::load(data + e * In::bytes), load_doubles(anchor + e)), values + e);
  }
}
using WidenDifference = decltype(&widen_difference<Float32>);

/// `paired`: in the order of PairedBFloat16, which costs less to widen.
WidenDifference widen_difference_for(DType dtype, bool paired) {
  if (paired) return &widen_difference<PairedBFloat16>;
  if (dtype == DType::bf16) return &widen_difference<BFloat16>;
  if (dtype == DType::f16) return &widen_difference<Float16>;
  if (dtype == DType::f32) return &widen_difference<Float32>;
  if (dtype == DType::f64) return &widen_difference<Float64>;
  if (dtype == DType::f8_e4m3) return &widen_difference<Float8E4M3>;
  return &widen_difference<Float8E5M2>;
}

/// Any number of elements from `begin` on; the last step is padded with zeros.
void widen_padded(TypedInput input, bool paired, std::uint64_t begin, std::size_t count, const double* anchor,
                  double* values) {
  const WidenDifference widen_elements = widen_difference_for(input.dtype, paired);
  const std::byte* const data = skip(input, begin).data;
  const std::size_t whole = count - count % gram_step;
  widen_elements(data, anchor, values, whole);
  if (whole == count) return;
  const auto element_bytes = static_cast<std::size_t>(bytes(input.dtype));
  std::array<std::byte, gram_step * sizeof(double)> rest{};
  std::memcpy(rest.data(), data + whole * element_bytes, (count - whole) * element_bytes);
  widen_elements(rest.data(), anchor == nullptr ? nullptr : anchor + whole, values + whole, gram_step);
}

/// What a Gram matrix is computed in: a cache line of doubles each, few of them without the heap.
class GramWorkspace {
 public:
  GramWorkspace(std::size_t vectors, bool anchored)
      : stride_(block_elements(vectors)),
        lane_offset_((vectors + (anchored ? 1 : 0)) * stride_),
        heap_((lane_offset_ + gram_width(vectors) * sum_lanes > stack_.size() * line_doubles)
                  ? (lane_offset_ + gram_width(vectors) * sum_lanes) / line_doubles
                  : 0) {
    std::fill_n(lane_values(), gram_width(vectors) * sum_lanes, 0.0);
  }

  [[nodiscard]] std::size_t stride() const { return stride_; }
  double* values() { return heap_.empty() ? stack_.front().values : heap_.front().values; }
  double* lane_values() { return values() + lane_offset_; }

 private:
  static constexpr std::size_t line_doubles = 8;
  struct alignas(64) Line {
    double values[line_doubles];
  };
  /// Up to 4 vectors and an anchor stay in the first-level cache. Of more the vectors of two tiles do.
  static std::size_t block_elements(std::size_t vectors) { return vectors <= 4 ? 512 : 256; }

  std::size_t stride_;
  std::size_t lane_offset_;
  std::array<Line, 340> stack_;
  std::vector<Line> heap_;
};

void gram(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
          std::span<double> sums) {
  const std::size_t vectors = inputs.size();
  const bool anchored = anchor.data != nullptr;
  const bool paired = all_of_type(inputs, DType::bf16) && (!anchored || anchor.dtype == DType::bf16);
  GramWorkspace workspace(vectors, anchored);
  const std::size_t stride = workspace.stride();
  double* const values = workspace.values();
  double* const anchor_values = anchored ? values + vectors * stride : nullptr;
  for (std::uint64_t begin = 0; begin < count; begin += stride) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(stride, count - begin));
    if (anchored) widen_padded(anchor, paired, begin, size, nullptr, anchor_values);
    for (std::size_t i = 0; i < vectors; ++i) {
      widen_padded(inputs[i], paired, begin, size, anchor_values, values + i * stride);
    }
    const std::size_t padded = (size + sum_lanes - 1) / sum_lanes * sum_lanes;
    const GramBlock block{values, stride, padded, workspace.lane_values()};
    for (std::size_t row = 0; row < vectors; row += tile_vectors) {
      add_tile_row(block, row, std::min(tile_vectors, vectors - row));
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    LaneSums lane_values;
    for (std::size_t lane = 0; lane < sum_lanes; ++lane) {
      const std::size_t element = paired ? PairedBFloat16::position(lane) : lane;
      lane_values[element] = workspace.lane_values()[i * sum_lanes + lane];
    }
    sums[i] = fold(lane_values);
  }
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
