#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "stockpot/tensor/dtype.hpp"

namespace stockpot {

/// Scalar conversions: the exact reference that vector kernels are tested against.
/// To double: exact for every value, NaN payloads aside. From double: rounded once, to nearest, ties to even;
/// overflow gives infinity, subnormals and the sign of zero are kept; every NaN becomes the positive quiet
/// NaN without payload (0x7fc0, 0x7e00, 0x7fc00000, 0x7ff8000000000000), so that outputs are the same bytes
/// everywhere.
double bf16_to_double(std::uint16_t bits);
double f16_to_double(std::uint16_t bits);
double f8_e4m3_to_double(std::uint8_t bits);  ///< no infinities; S.1111.111 is NaN
double f8_e5m2_to_double(std::uint8_t bits);
std::uint16_t double_to_bf16(double value);
std::uint16_t double_to_f16(double value);
float double_to_f32(double value);

/// Element `index` of the packed little-endian array at `data` (any alignment) as double.
/// @pre is_mergeable(dtype), else std::invalid_argument
double load_as_double(DType dtype, const std::byte* data, std::uint64_t index);
/// Stores `value`, rounded once, as element `index`. @pre is_output(dtype), else std::invalid_argument
void store_rounded(DType dtype, std::byte* data, std::uint64_t index, double value);

}  // namespace stockpot
