#include "stockpot/io/statistics_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hdf5_elements.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::io {
namespace {

constexpr std::size_t piece_elements = std::size_t{1} << 17;

std::size_t size_of(const Statistic& statistic) {
  return static_cast<std::size_t>(bytes(statistic.data.dtype));
}

/// Rounds `values` into `stored`; the index of the first one that has no finite counterpart, else their
/// number.
std::size_t round_all(DType dtype, std::span<const double> values, std::vector<std::byte>& stored) {
  stored.resize(values.size() * static_cast<std::size_t>(bytes(dtype)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    store_rounded(dtype, stored.data(), i, values[i]);
    if (!std::isfinite(load_as_double(dtype, stored.data(), i))) return i;
  }
  return values.size();
}

}  // namespace

StatisticsWriter::StatisticsWriter(const std::filesystem::path& path)
    : file_(StatisticsFile::open(path)), target_(File::open_to_write(path)) {}

void StatisticsWriter::write_block(const Statistic& statistic, std::uint64_t first,
                                   std::span<const double> values) const {
  const std::uint64_t elements = statistic.data.elements;
  if (first > elements || values.size() > elements - first) {
    throw std::invalid_argument("range beyond a statistic");
  }
  std::vector<std::byte> stored;
  while (!values.empty()) {
    const std::span<const double> piece = values.first(std::min(values.size(), piece_elements));
    const std::size_t rounded = round_all(statistic.data.dtype, piece, stored);
    if (rounded < piece.size()) {
      refuse_object(target_, statistic.data,
                    fmt::format("element {} would be {}, which {} can't hold as a finite number",
                                first + rounded, piece[rounded], name(statistic.data.dtype)));
    }
    target_.write_all(*statistic.data.offset + first * size_of(statistic), stored);
    first += piece.size();
    values = values.subspan(piece.size());
  }
}

void StatisticsWriter::write_rows(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                                  std::span<const double> packed) const {
  const bool in_range = matrix.kind != StatisticKind::fisher && first <= end && end <= matrix.dimension;
  if (!in_range || packed.size() != triangle_elements(end) - triangle_elements(first)) {
    throw std::invalid_argument("rows beyond a symmetric matrix");
  }
  if (matrix.layout == TriangleLayout::lower) {
    write_block(matrix, triangle_elements(first), packed);
    return;
  }
  const auto row_of = [&](std::uint64_t row) {
    return packed.subspan(static_cast<std::size_t>(triangle_elements(row) - triangle_elements(first)),
                          static_cast<std::size_t>(row + 1));
  };
  for (std::uint64_t row = first; row < end; ++row) write_block(matrix, row * matrix.dimension, row_of(row));
  std::vector<double> mirrored;
  for (std::uint64_t column = 0; column + 1 < end; ++column) {
    const std::uint64_t from = std::max(first, column + 1);
    mirrored.clear();
    for (std::uint64_t row = from; row < end; ++row) {
      mirrored.push_back(row_of(row)[static_cast<std::size_t>(column)]);
    }
    write_block(matrix, column * matrix.dimension + from, mirrored);
  }
}

}  // namespace stockpot::io
