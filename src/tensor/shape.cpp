#include "stockpot/tensor/shape.hpp"

#include <algorithm>

namespace stockpot {

std::optional<std::uint64_t> element_count(const Shape& shape) {
  std::uint64_t product = 1;
  for (const std::uint64_t dimension : shape) {
    if (__builtin_mul_overflow(product, dimension, &product)) return std::nullopt;
  }
  return product;
}

std::optional<std::uint64_t> tensor_bytes(DType dtype, const Shape& shape) {
  const std::optional<std::uint64_t> elements = element_count(shape);
  std::uint64_t total_bits = 0;
  if (!elements || __builtin_mul_overflow(*elements, static_cast<std::uint64_t>(bits(dtype)), &total_bits)) {
    return std::nullopt;
  }
  if (total_bits % 8 != 0) return std::nullopt;
  return total_bits / 8;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

std::string layer_of(const std::string& tensor_name) {
  std::size_t begin = 0;
  while (begin <= tensor_name.size()) {
    const std::size_t end = std::min(tensor_name.find('.', begin), tensor_name.size());
    const bool digits = end > begin && std::all_of(tensor_name.begin() + static_cast<std::ptrdiff_t>(begin),
                                                   tensor_name.begin() + static_cast<std::ptrdiff_t>(end),
                                                   [](char c) { return c >= '0' && c <= '9'; });
    if (digits) return tensor_name.substr(0, end);
    begin = end + 1;
  }
  const std::size_t last_dot = tensor_name.rfind('.');
  return last_dot == std::string::npos ? tensor_name : tensor_name.substr(0, last_dot);
}

}  // namespace stockpot
