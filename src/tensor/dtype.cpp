#include "stockpot/tensor/dtype.hpp"

#include <array>
#include <cstddef>

namespace stockpot {
namespace {

struct Row {
  std::string_view name;
  int bits;
  std::string_view torch_name;
  std::string_view recipe_name;
};

constexpr std::array<Row, dtype_count> table{{
    {"BOOL", 8, "bool", ""},
    {"F4", 4, "", ""},
    {"F6_E2M3", 6, "", ""},
    {"F6_E3M2", 6, "", ""},
    {"U8", 8, "uint8", ""},
    {"I8", 8, "int8", ""},
    {"F8_E5M2", 8, "float8_e5m2", ""},
    {"F8_E4M3", 8, "float8_e4m3fn", ""},
    {"F8_E8M0", 8, "", ""},
    {"F8_E4M3FNUZ", 8, "", ""},
    {"F8_E5M2FNUZ", 8, "", ""},
    {"I16", 16, "int16", ""},
    {"U16", 16, "", ""},
    {"F16", 16, "float16", "fp16"},
    {"BF16", 16, "bfloat16", "bf16"},
    {"I32", 32, "int32", ""},
    {"U32", 32, "", ""},
    {"F32", 32, "float32", "fp32"},
    {"C64", 64, "complex64", ""},
    {"F64", 64, "float64", "fp64"},
    {"I64", 64, "int64", "int64"},
    {"U64", 64, "", ""},
}};

const Row& row(DType dtype) {
  return table[static_cast<std::size_t>(dtype)];
}

template <typename Predicate>
std::optional<DType> find(Predicate matches) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (matches(table[i])) return static_cast<DType>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(DType dtype) {
  return row(dtype).name;
}
std::string_view torch_name(DType dtype) {
  return row(dtype).torch_name;
}
int bits(DType dtype) {
  return row(dtype).bits;
}
int bytes(DType dtype) {
  return row(dtype).bits / 8;
}

std::optional<DType> dtype_from_name(std::string_view name) {
  return find([name](const Row& r) { return r.name == name; });
}

std::optional<DType> dtype_from_recipe(std::string_view name) {
  constexpr std::string_view prefix = "torch.";
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  if (name.empty()) return std::nullopt;
  if (name == "half") return DType::f16;
  if (name == "float") return DType::f32;
  if (name == "double") return DType::f64;
  return find([name](const Row& r) { return r.torch_name == name || r.recipe_name == name; });
}

bool is_output(DType dtype) {
  return dtype == DType::bf16 || dtype == DType::f16 || dtype == DType::f32 || dtype == DType::f64;
}

bool is_mergeable(DType dtype) {
  return is_output(dtype) || dtype == DType::f8_e4m3 || dtype == DType::f8_e5m2;
}

bool is_integer(DType dtype) {
  return dtype == DType::boolean || dtype == DType::u8 || dtype == DType::i8 || dtype == DType::i16 ||
         dtype == DType::u16 || dtype == DType::i32 || dtype == DType::u32 || dtype == DType::i64 ||
         dtype == DType::u64;
}

}  // namespace stockpot
