#include "hdf5_types.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace stockpot::io {
namespace {

/// A floating type by its bits, without padding and with an implied leading one.
struct FloatFormat {
  DType dtype;
  std::size_t bytes;
  std::size_t exponent_bits;
  std::size_t mantissa_bits;
  std::size_t bias;
};
constexpr std::array<FloatFormat, 6> float_formats{{
    {DType::f64, 8, 11, 52, 1023},
    {DType::f32, 4, 8, 23, 127},
    {DType::f16, 2, 5, 10, 15},
    {DType::bf16, 2, 8, 7, 127},
    {DType::f8_e5m2, 1, 5, 2, 15},
    {DType::f8_e4m3, 1, 4, 3, 7},
}};

Hdf5Handle custom_float(const FloatFormat& format, const Hdf5Check& check) {
  Hdf5Handle type = check.own(H5Tcopy(H5T_IEEE_F32LE), "copy a type");
  constexpr std::string_view action = "describe a float type";
  check.value(H5Tset_fields(type.get(), 8 * format.bytes - 1, format.mantissa_bits, format.exponent_bits, 0,
                            format.mantissa_bits),
              action);
  check.value(H5Tset_precision(type.get(), 8 * format.bytes), action);
  check.value(H5Tset_size(type.get(), format.bytes), action);
  check.value(H5Tset_ebias(type.get(), format.bias), action);
  return type;
}

Hdf5Handle complex_type(const Hdf5Check& check) {
  Hdf5Handle type = check.own(H5Tcreate(H5T_COMPOUND, 8), "create a compound type");
  check.value(H5Tinsert(type.get(), "r", 0, H5T_IEEE_F32LE), "describe a compound type");
  check.value(H5Tinsert(type.get(), "i", 4, H5T_IEEE_F32LE), "describe a compound type");
  return type;
}

bool fills_its_bytes_in_little_endian(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  return H5Tget_precision(type) == 8 * size && H5Tget_offset(type) == 0 &&
         (size == 1 || H5Tget_order(type) == H5T_ORDER_LE);
}

std::optional<DType> integer_dtype(hid_t type) {
  if (!fills_its_bytes_in_little_endian(type)) return std::nullopt;
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  switch (H5Tget_size(type)) {
    case 1:
      return is_signed ? DType::i8 : DType::u8;
    case 2:
      return is_signed ? DType::i16 : DType::u16;
    case 4:
      return is_signed ? DType::i32 : DType::u32;
    case 8:
      return is_signed ? DType::i64 : DType::u64;
    default:
      return std::nullopt;
  }
}

std::optional<DType> float_dtype(hid_t type) {
  if (!fills_its_bytes_in_little_endian(type) || H5Tget_norm(type) != H5T_NORM_IMPLIED) return std::nullopt;
  std::size_t sign = 0;
  std::size_t exponent = 0;
  std::size_t exponent_bits = 0;
  std::size_t mantissa = 0;
  std::size_t mantissa_bits = 0;
  if (H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) < 0)
    return std::nullopt;
  const std::size_t size = H5Tget_size(type);
  if (sign != 8 * size - 1 || mantissa != 0 || exponent != mantissa_bits) return std::nullopt;
  for (const FloatFormat& format : float_formats) {
    if (format.bytes == size && format.exponent_bits == exponent_bits &&
        format.mantissa_bits == mantissa_bits && format.bias == H5Tget_ebias(type)) {
      return format.dtype;
    }
  }
  return std::nullopt;
}

bool is_f32_member(hid_t type, unsigned index, std::string_view name, std::size_t offset) {
  struct Free {
    void operator()(char* text) const noexcept { H5free_memory(text); }
  };
  const std::unique_ptr<char, Free> member_name(H5Tget_member_name(type, index));
  const Hdf5Handle member(H5Tget_member_type(type, index));
  return member_name && name == member_name.get() && H5Tget_member_offset(type, index) == offset && member &&
         H5Tget_class(member.get()) == H5T_FLOAT && float_dtype(member.get()) == DType::f32;
}

}  // namespace

Hdf5Handle hdf5_type(DType dtype, const Hdf5Check& check) {
  const auto copy = [&](hid_t type) { return check.own(H5Tcopy(type), "copy a type"); };
  for (const FloatFormat& format : float_formats) {
    if (format.dtype == dtype && format.bytes <= 2) return custom_float(format, check);
  }
  switch (dtype) {
    case DType::f64:
      return copy(H5T_IEEE_F64LE);
    case DType::f32:
      return copy(H5T_IEEE_F32LE);
    case DType::c64:
      return complex_type(check);
    case DType::i8:
      return copy(H5T_STD_I8LE);
    case DType::i16:
      return copy(H5T_STD_I16LE);
    case DType::u16:
      return copy(H5T_STD_U16LE);
    case DType::i32:
      return copy(H5T_STD_I32LE);
    case DType::u32:
      return copy(H5T_STD_U32LE);
    case DType::i64:
      return copy(H5T_STD_I64LE);
    case DType::u64:
      return copy(H5T_STD_U64LE);
    case DType::boolean:
    case DType::f4:
    case DType::f6_e2m3:
    case DType::f6_e3m2:
    case DType::u8:
    case DType::f8_e5m2:
    case DType::f8_e4m3:
    case DType::f8_e8m0:
    case DType::f8_e4m3fnuz:
    case DType::f8_e5m2fnuz:
    case DType::f16:
    case DType::bf16:
      break;
  }
  return copy(H5T_STD_U8LE);
}

bool hdf5_type_says_all(DType dtype) {
  return dtype == DType::u8 || is_output(dtype) || (is_integer(dtype) && dtype != DType::boolean);
}

std::optional<DType> dtype_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return integer_dtype(type);
    case H5T_FLOAT:
      return float_dtype(type);
    case H5T_ENUM:
      return H5Tget_size(type) == 1 ? std::optional(DType::boolean) : std::nullopt;
    case H5T_COMPOUND:
      if (H5Tget_size(type) == 8 && H5Tget_nmembers(type) == 2 && is_f32_member(type, 0, "r", 0) &&
          is_f32_member(type, 1, "i", 4)) {
        return DType::c64;
      }
      return std::nullopt;
    case H5T_NO_CLASS:
    case H5T_TIME:
    case H5T_STRING:
    case H5T_BITFIELD:
    case H5T_OPAQUE:
    case H5T_REFERENCE:
    case H5T_VLEN:
    case H5T_ARRAY:
    case H5T_NCLASSES:
      break;
  }
  return std::nullopt;
}

}  // namespace stockpot::io
