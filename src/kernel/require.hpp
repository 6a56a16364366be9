#pragma once

#include <stdexcept>

namespace stockpot::kernel {

/// Refuses a broken @pre: throws std::invalid_argument unless it holds.
inline void require(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

}  // namespace stockpot::kernel
