#pragma once

#include <memory>
#include <string>

#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// DELLA (Deep et al. 2024): as DARE, but an entry's probability of being kept grows with the rank of its
/// magnitude within its row, from density - epsilon for the smallest to density + epsilon for the largest.
/// Rows run along axis 1, as in mergekit's sparsify.py; a vector is one row, and an entry alone in its row is
/// kept with probability `density`. Of equal magnitudes the one at the lowest position counts as the largest.
/// What is kept is divided by its own probability (paper) or multiplied by |d|_1 / |kept d|_1 of the scope
/// (mergekit). `elects`: signs are elected as in TIES, and `normalize` is on.
std::unique_ptr<Method> make_della_method(std::string name, std::string summary, bool elects);

}  // namespace stockpot::method
