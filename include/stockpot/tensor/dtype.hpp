#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stockpot {

/// Every element type of the safetensors format, in the format's own order.
enum class DType : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};
inline constexpr int dtype_count = 22;

/// "BF16", as safetensors writes it.
std::string_view name(DType dtype);
/// Inverse of `name`, case sensitive.
std::optional<DType> dtype_from_name(std::string_view name);
/// What recipes write: "bfloat16", "float16", "float32", "float64" (also "bf16", "fp16", ...,
/// "torch.bfloat16").
std::optional<DType> dtype_from_recipe(std::string_view name);
/// "bfloat16": the name that config.json's torch_dtype uses; empty for types that have none.
std::string_view torch_name(DType dtype);

/// Bits per element (4, 6, 8, 16, 32 or 64).
int bits(DType dtype);
/// Bytes per element; 0 for the sub-byte types F4 and F6.
int bytes(DType dtype);
/// Types whose values merge: F64 F32 F16 BF16, and F8_E4M3 and F8_E5M2 (read only).
bool is_mergeable(DType dtype);
/// Types that a merge may write: F64 F32 F16 BF16.
bool is_output(DType dtype);
/// BOOL and the signed and unsigned integers: copied when all models agree.
bool is_integer(DType dtype);

}  // namespace stockpot
