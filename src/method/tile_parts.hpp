#pragma once

#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// `input` from its element `first` on; none stays none.
inline kernel::TypedInput from(kernel::TypedInput input, std::uint64_t first) {
  if (input.data != nullptr) input.data += first * static_cast<std::uint64_t>(bytes(input.dtype));
  return input;
}
inline kernel::TypedOutput from(kernel::TypedOutput output, std::uint64_t first) {
  output.data += first * static_cast<std::uint64_t>(bytes(output.dtype));
  return output;
}

}  // namespace stockpot::method
