#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "hdf5_elements.hpp"
#include "stockpot/io/statistics_file.hpp"

namespace stockpot::io {
namespace {

constexpr double largest_asymmetry = 1e-5;

/// What is wrong with an element that must be finite, and natural if it is a mean of squares.
const char* fault_of(double value, bool is_square) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return "infinite";
  return is_square && value < 0 ? "negative" : nullptr;
}

void require_matrix(const Statistic& matrix, std::uint64_t first, std::uint64_t end) {
  if (matrix.kind == StatisticKind::fisher || first > end || end > matrix.dimension) {
    throw std::invalid_argument("rows beyond a symmetric matrix");
  }
}

}  // namespace

const Statistic* StatisticsFile::find(StatisticKind kind, const std::string& name) const {
  const auto found = std::find_if(statistics_.begin(), statistics_.end(), [&](const Statistic& statistic) {
    return statistic.kind == kind && statistic.name == name;
  });
  return found == statistics_.end() ? nullptr : &*found;
}

void StatisticsFile::read_fisher(const Statistic& fisher, std::uint64_t first,
                                 std::span<double> values) const {
  const std::uint64_t elements = fisher.data.elements;
  if (fisher.kind != StatisticKind::fisher || first > elements || values.size() > elements - first) {
    throw std::invalid_argument("range beyond a Fisher");
  }
  read_elements(file_, fisher.data, first, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (const char* fault = fault_of(values[i], true)) {
      refuse_object(file_, fisher.data, fmt::format("element {} is {}", first + i, fault));
    }
  }
}

void StatisticsFile::read_rows(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                               std::vector<double>& packed) const {
  require_matrix(matrix, first, end);
  const std::uint64_t begin = triangle_elements(first);
  packed.resize(static_cast<std::size_t>(triangle_elements(end) - begin));
  if (matrix.layout == TriangleLayout::lower) {
    read_elements(file_, matrix.data, begin, packed);
  } else {
    read_lower_of_full(matrix, first, end, packed);
  }
  const double* value = packed.data();
  for (std::uint64_t row = first; row < end; ++row) {
    for (std::uint64_t column = 0; column <= row; ++column, ++value) {
      if (const char* fault = fault_of(*value, row == column)) {
        refuse_object(file_, matrix.data, fmt::format("element [{}, {}] is {}", row, column, fault));
      }
    }
  }
  if (matrix.layout == TriangleLayout::full) require_symmetric(matrix, first, end, packed);
}

void StatisticsFile::read_panel(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                                double* panel, std::uint64_t stride) const {
  constexpr std::uint64_t rows_at_once = 64;
  require_matrix(matrix, first, end);
  if (stride < end - first) throw std::invalid_argument("rows of a panel overlap");
  std::vector<double> packed;
  for (std::uint64_t row = first; row < end; row += rows_at_once) {
    const std::uint64_t last = std::min(row + rows_at_once, end);
    read_rows(matrix, row, last, packed);
    const double* value = packed.data();
    for (std::uint64_t i = row; i < last; ++i) {
      for (std::uint64_t j = 0; j <= i; ++j, ++value) {
        panel[j * stride + (i - first)] = *value;
        if (j >= first) panel[i * stride + (j - first)] = *value;
      }
    }
  }
  for (std::uint64_t below = end; below < matrix.dimension; ++below) {
    const bool is_packed = matrix.layout == TriangleLayout::lower;
    const std::uint64_t begin = is_packed ? triangle_elements(below) : below * matrix.dimension;
    read_elements(file_, matrix.data, begin + first, {panel + below * stride, end - first});
  }
}

void StatisticsFile::read_lower_of_full(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                                        std::span<double> packed) const {
  for (std::uint64_t row = first; row < end; ++row) {
    const std::span<double> target = packed.first(static_cast<std::size_t>(row + 1));
    read_elements(file_, matrix.data, row * matrix.dimension, target);
    packed = packed.subspan(target.size());
  }
}

void StatisticsFile::require_symmetric(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                                       std::span<const double> packed) const {
  if (first == end) return;
  const std::uint64_t columns = end - first;
  std::vector<double> upper(static_cast<std::size_t>(columns));  // row j, columns [first, end)
  const auto lower_at = [&](std::uint64_t row, std::uint64_t column) {
    return packed[static_cast<std::size_t>(triangle_elements(row) - triangle_elements(first) + column)];
  };
  for (std::uint64_t j = 0; j < end; ++j) {
    read_rectangle(file_, matrix.data, j, first, columns, upper);
    double diagonal = 0;
    read_elements(file_, matrix.data, j * matrix.dimension + j, std::span(&diagonal, 1));
    for (std::uint64_t i = std::max(first, j + 1); i < end; ++i) {
      const double below = lower_at(i, j);
      const double above = upper[static_cast<std::size_t>(i - first)];
      const double bound = largest_asymmetry * std::sqrt(lower_at(i, i)) * std::sqrt(diagonal);
      if (!(std::fabs(below - above) <= bound)) {
        refuse_object(
            file_, matrix.data,
            fmt::format("is not symmetric: [{}, {}] is {}, [{}, {}] is {}", i, j, below, j, i, above));
      }
    }
  }
}

std::vector<double> StatisticsFile::read_diagonal(const Statistic& matrix) const {
  require_matrix(matrix, 0, 0);
  std::vector<double> diagonal(static_cast<std::size_t>(matrix.dimension));
  for (std::uint64_t i = 0; i < matrix.dimension; ++i) {
    const std::uint64_t at =
        matrix.layout == TriangleLayout::lower ? triangle_elements(i) + i : i * matrix.dimension + i;
    double& value = diagonal[static_cast<std::size_t>(i)];
    read_elements(file_, matrix.data, at, std::span(&value, 1));
    if (const char* fault = fault_of(value, true)) {
      refuse_object(file_, matrix.data, fmt::format("element [{}, {}] is {}", i, i, fault));
    }
  }
  return diagonal;
}

void StatisticsFile::check_matrix(const Statistic& matrix, std::uint64_t block_bytes) const {
  const std::uint64_t rows =
      std::max<std::uint64_t>(1, block_bytes / sizeof(double) / std::max<std::uint64_t>(1, matrix.dimension));
  std::vector<double> packed;
  for (std::uint64_t first = 0; first < matrix.dimension; first += rows) {
    read_rows(matrix, first, std::min(first + rows, matrix.dimension), packed);
  }
}

void StatisticsFile::check_values(std::uint64_t block_bytes) const {
  std::set<std::uint64_t> checked;
  const std::uint64_t block = std::max<std::uint64_t>(1, block_bytes / sizeof(double));
  std::vector<double> values;
  for (const Statistic& statistic : statistics_) {
    if (!checked.insert(statistic.data.address).second) continue;  // another name of the same dataset
    if (statistic.kind != StatisticKind::fisher) {
      check_matrix(statistic, block_bytes);
      continue;
    }
    for (std::uint64_t first = 0; first < statistic.data.elements; first += block) {
      values.resize(static_cast<std::size_t>(std::min(block, statistic.data.elements - first)));
      read_fisher(statistic, first, values);
    }
  }
}

}  // namespace stockpot::io
