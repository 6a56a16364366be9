#include "checkpoint/scaled_elements.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "stockpot/tensor/convert.hpp"

namespace stockpot::checkpoint {
namespace {

using CodeBook = std::array<double, 256>;

CodeBook values_of(DType dtype) {
  CodeBook book{};
  for (std::size_t code = 0; code < book.size(); ++code) {
    const auto byte = static_cast<std::byte>(code);
    book[code] = load_as_double(dtype, &byte, 0);
  }
  return book;
}

const CodeBook& code_book(DType dtype) {
  static const CodeBook e4m3 = values_of(DType::f8_e4m3);
  static const CodeBook e5m2 = values_of(DType::f8_e5m2);
  return dtype == DType::f8_e4m3 ? e4m3 : e5m2;
}

}  // namespace

ScaleRange scales_of(const BlockScale& scale, std::uint64_t first, std::uint64_t count) {
  const std::uint64_t last = first + count - 1;
  // Whole rows of scales, unless the elements lie in one row: scale indices do not grow within a block's
  // rows.
  if (first / scale.columns == last / scale.columns) {
    const std::uint64_t begin = scale.index_of(first);
    return {begin, scale.index_of(last) - begin + 1};
  }
  const std::uint64_t begin = scale.index_of(first) / scale.scale_columns * scale.scale_columns;
  const std::uint64_t end = (scale.index_of(last) / scale.scale_columns + 1) * scale.scale_columns;
  return {begin, end - begin};
}

void expand_scaled(DType dtype, const BlockScale& scale, std::uint64_t first, std::uint64_t count,
                   DType scale_dtype, const std::byte* scales, std::uint64_t first_scale, std::byte* data) {
  const CodeBook& book = code_book(dtype);
  const std::byte* code = data + count * (sizeof(double) - 1);
  for (std::uint64_t done = 0; done < count;) {
    // One block's stretch of one row has one factor.
    const std::uint64_t element = first + done;
    const std::uint64_t column = element % scale.columns;
    const std::uint64_t block_end =
        std::min(scale.columns, (column / scale.block_columns + 1) * scale.block_columns);
    const std::uint64_t stretch_end = std::min(count, done + block_end - column);
    const double factor = load_as_double(scale_dtype, scales, scale.index_of(element) - first_scale);
    for (; done < stretch_end; ++done, ++code) {
      const double value = book[static_cast<std::size_t>(*code)] * factor;
      std::memcpy(data + done * sizeof(double), &value, sizeof(double));
    }
  }
}

}  // namespace stockpot::checkpoint
