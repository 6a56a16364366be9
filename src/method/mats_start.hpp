#pragma once

#include <memory>

#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// What `init` says: the start of the iterations. Throws Error{usage} for one that needs a base model where
/// there is none.
std::unique_ptr<ElementPass> make_start(const TensorContext& tensor);

}  // namespace stockpot::method
