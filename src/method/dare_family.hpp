#pragma once

#include <memory>
#include <string>

#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// DARE (Yu et al. 2024): each entry of a task vector is kept with probability `density`, by the
/// counter-based generator keyed by seed, model, tensor and element. What is kept is divided by
/// the density (paper) or multiplied by |d|_1 / |kept d|_1 of the scope (mergekit). `elects`: signs are
/// elected as in TIES.
std::unique_ptr<Method> make_dare_method(std::string name, std::string summary, bool elects);

}  // namespace stockpot::method
