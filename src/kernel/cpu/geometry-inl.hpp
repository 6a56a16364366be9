// Norms, distances to the mean and signs of typed vectors. Included once per instruction set.
#if defined(STOCKPOT_KERNEL_GEOMETRY_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_GEOMETRY_INL_HPP
#undef STOCKPOT_KERNEL_GEOMETRY_INL_HPP
#else
#define STOCKPOT_KERNEL_GEOMETRY_INL_HPP
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/cpu/gram-inl.hpp"
#include "stockpot/kernel/geometry.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

/// So many elements of every model stay in the first-level cache.
inline constexpr std::size_t geometry_block = 256;
struct alignas(64) GeometryRow {
  double values[geometry_block];
};

/// A block of the models, widened. The last of `count` elements are zeros that pad it to a multiple of
/// sum_lanes.
struct GeometryBlock {
  const GeometryRow* models;
  std::size_t model_count;
  std::size_t count;
};

/// The sums of one vector's squares and of its squared distances to the mean, and its zeros.
struct SpreadSums {
  LaneSums squares{};
  LaneSums distances{};
  std::uint64_t zeros = 0;
};

/// mean_j x_j - x_1, summed in the order of the models.
void find_mean(const GeometryBlock& block, double* mean) {
  const Doubles divisor = hn::Set(F64(), static_cast<double>(block.model_count));
  for (std::size_t e = 0; e < block.count; e += lanes()) {
    const Doubles first = hn::LoadU(F64(), block.models[0].values + e);
    Doubles sum = hn::Sub(first, first);
    for (std::size_t model = 1; model < block.model_count; ++model) {
      sum = hn::Add(sum, hn::Sub(hn::LoadU(F64(), block.models[model].values + e), first));
    }
    hn::StoreU(hn::Div(sum, divisor), F64(), mean + e);
  }
}

/// Adds one vector of a block.
void add_spread(const double* x, const GeometryBlock& block, const double* mean, SpreadSums& sums) {
  const double* const first = block.models[0].values;
  std::array<Doubles, lane_vectors> squares;
  std::array<Doubles, lane_vectors> distances;
  for (std::size_t i = 0; i < lane_vectors; ++i) {
    squares[i] = hn::LoadU(F64(), sums.squares.data() + i * lanes());
    distances[i] = hn::LoadU(F64(), sums.distances.data() + i * lanes());
  }
  for (std::size_t e = 0; e < block.count; e += sum_lanes) {
    for (std::size_t i = 0; i < lane_vectors; ++i) {
      const std::size_t at = e + i * lanes();
      const Doubles value = hn::LoadU(F64(), x + at);
      const Doubles distance =
          hn::Sub(hn::Sub(value, hn::LoadU(F64(), first + at)), hn::LoadU(F64(), mean + at));
      squares[i] = hn::Add(squares[i], hn::Mul(value, value));
      distances[i] = hn::Add(distances[i], hn::Mul(distance, distance));
      sums.zeros += hn::CountTrue(F64(), hn::Eq(value, hn::Zero(F64())));
    }
  }
  for (std::size_t i = 0; i < lane_vectors; ++i) {
    hn::StoreU(squares[i], F64(), sums.squares.data() + i * lanes());
    hn::StoreU(distances[i], F64(), sums.distances.data() + i * lanes());
  }
}

/// Elements at which some model lies above the base and another below it.
std::uint64_t count_conflicts(const GeometryBlock& block, const double* base) {
  std::uint64_t conflicts = 0;
  for (std::size_t e = 0; e < block.count; e += lanes()) {
    const Doubles b = hn::LoadU(F64(), base + e);
    auto above = hn::Lt(b, b);
    auto below = above;
    for (std::size_t model = 0; model < block.model_count; ++model) {
      const Doubles x = hn::LoadU(F64(), block.models[model].values + e);
      above = hn::Or(above, hn::Lt(b, x));
      below = hn::Or(below, hn::Lt(x, b));
    }
    conflicts += hn::CountTrue(F64(), hn::And(above, below));
  }
  return conflicts;
}

void geometry(std::span<const TypedInput> inputs, TypedInput base, std::uint64_t count,
              std::span<double> sums) {
  const GeometryLayout layout(inputs.size(), base.data != nullptr);
  std::vector<GeometryRow> rows(inputs.size() + (layout.has_base() ? 2 : 1));
  GeometryRow& mean = rows.back();
  GeometryRow& base_row = rows[inputs.size()];
  std::vector<SpreadSums> spread(inputs.size() + 1);
  std::uint64_t conflicts = 0;
  for (std::uint64_t begin = 0; begin < count; begin += geometry_block) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(geometry_block, count - begin));
    const std::size_t padded = (size + sum_lanes - 1) / sum_lanes * sum_lanes;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      widen_padded(inputs[i], false, begin, size, nullptr, rows[i].values);
    }
    const GeometryBlock block{rows.data(), inputs.size(), padded};
    find_mean(block, mean.values);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      add_spread(rows[i].values, block, mean.values, spread[i]);
      spread[i].zeros -= padded - size;
    }
    if (!layout.has_base()) continue;
    widen_padded(base, false, begin, size, nullptr, base_row.values);
    add_spread(base_row.values, block, mean.values, spread.back());
    conflicts += count_conflicts(block, base_row.values);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    sums[layout.squared_norm(i)] = fold(spread[i].squares);
    sums[layout.squared_distance(i)] = fold(spread[i].distances);
    sums[layout.zeros(i)] = static_cast<double>(spread[i].zeros);
  }
  if (!layout.has_base()) return;
  sums[layout.base_squared_norm()] = fold(spread.back().squares);
  sums[layout.base_squared_distance()] = fold(spread.back().distances);
  sums[layout.sign_conflicts()] = static_cast<double>(conflicts);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
