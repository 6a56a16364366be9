#pragma once

#include <memory>

#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// The weighted mean of the models, S(w_i x_i) / S(w_i). Throws Error{usage} naming the tensor for weights
/// that sum to zero.
std::unique_ptr<ElementPass> make_weighted_mean(const TensorContext& tensor);

/// What `init` says: the start of the iterations. Throws Error{usage} for one that needs a base model where
/// there is none.
std::unique_ptr<ElementPass> make_start(const TensorContext& tensor);

}  // namespace stockpot::method
