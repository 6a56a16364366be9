#pragma once

#include <cmath>
#include <cstdint>

#include "stockpot/kernel/linear_form.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::kernel::reference {

inline double element(TypedInput input, std::uint64_t index) {
  return load_as_double(input.dtype, input.data, index);
}

/// Rounds `value` into element `index`. Returns 1 if that is not finite, else 0.
inline std::uint64_t store(TypedOutput output, std::uint64_t index, double value) {
  store_rounded(output.dtype, output.data, index, value);
  return std::isfinite(load_as_double(output.dtype, output.data, index)) ? 0 : 1;
}

}  // namespace stockpot::kernel::reference
