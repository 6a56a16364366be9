#include "stockpot/kernel/columns.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "kernel/require.hpp"

namespace stockpot::kernel {
namespace {

/// So many elements are widened at a time; they stay in the first-level cache.
constexpr std::uint64_t run_elements = 512;
using Run = std::array<double, run_elements>;

TypedInput from(TypedInput input, std::uint64_t element) {
  if (input.data != nullptr) input.data += element * static_cast<std::uint64_t>(bytes(input.dtype));
  return input;
}

/// Consecutive elements of a pair as doubles: the vectors, the anchor and the difference of the models.
struct WideRun {
  Run first;
  Run second;
  Run anchor;
  Run difference;

  void load(const ColumnPair& pair, std::uint64_t element, std::uint64_t count) {
    const auto widen = [&](TypedInput input, Run& run) {
      convert(from(input, element), {DType::f64, reinterpret_cast<std::byte*>(run.data())}, count);
    };
    widen(pair.first, first);
    widen(pair.second, second);
    for (std::uint64_t e = 0; e < count; ++e) difference[e] = second[e] - first[e];
    if (!pair.anchored()) return;
    widen(pair.anchor, anchor);
    for (std::uint64_t e = 0; e < count; ++e) {
      first[e] -= anchor[e];
      second[e] -= anchor[e];
    }
  }
};

}  // namespace

void column_products(const ColumnPair& pair, std::uint64_t rows, std::uint64_t columns,
                     std::span<double> sums) {
  require(sums.size() == column_sums * columns, "columns: not a sum for each");
  std::fill(sums.begin(), sums.end(), 0.0);
  double* const firsts = sums.data();
  double* const products = firsts + columns;
  double* const seconds = products + columns;
  double* const differences = seconds + columns;
  WideRun run;
  std::uint64_t column = 0;
  for (std::uint64_t done = 0; done < rows * columns; done += run_elements) {
    const std::uint64_t count = std::min(run_elements, rows * columns - done);
    run.load(pair, done, count);
    for (std::uint64_t e = 0; e < count;) {
      const std::uint64_t end = std::min(count, e + (columns - column));
      for (; e < end; ++e, ++column) {
        firsts[column] += run.first[e] * run.first[e];
        products[column] += run.first[e] * run.second[e];
        seconds[column] += run.second[e] * run.second[e];
        differences[column] += run.difference[e] * run.difference[e];
      }
      if (column == columns) column = 0;
    }
  }
}

ElementCounts combine_columns(const ColumnPair& pair, std::span<const double> first_weights,
                              std::span<const double> second_weights, std::uint64_t first_column,
                              std::uint64_t count, TypedOutput output) {
  const std::uint64_t columns = first_weights.size();
  require(columns > 0 && second_weights.size() == columns, "columns: not two weights for each");
  WideRun run;
  ElementCounts counts;
  std::uint64_t column = first_column % columns;
  for (std::uint64_t done = 0; done < count; done += run_elements) {
    const std::uint64_t length = std::min(run_elements, count - done);
    run.load(pair, done, length);
    for (std::uint64_t e = 0; e < length;) {
      const std::uint64_t end = std::min(length, e + (columns - column));
      for (; e < end; ++e, ++column) {
        run.first[e] = first_weights[column] * run.first[e] + second_weights[column] * run.second[e];
      }
      if (column == columns) column = 0;
    }
    if (pair.anchored()) {
      for (std::uint64_t e = 0; e < length; ++e) run.first[e] = run.anchor[e] + run.first[e];
    }
    const TypedInput sums{DType::f64, reinterpret_cast<const std::byte*>(run.first.data())};
    const std::uint64_t offset = done * static_cast<std::uint64_t>(bytes(output.dtype));
    counts.nonfinite += convert(sums, {output.dtype, output.data + offset}, length).nonfinite;
  }
  return counts;
}

}  // namespace stockpot::kernel
