#pragma once

#include <memory>
#include <string>

#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// `weight` of methods that take statistics: per model, 1 unless the recipe says otherwise.
recipe::ParameterSpec statistics_weight(std::string help);

/// What tensors without statistics become: the mean of the models, S(weight_i x_i) / S(weight_i). Throws
/// Error{usage} naming the tensor for weights that sum to zero.
std::unique_ptr<ElementPass> make_weighted_mean(const TensorContext& tensor);

/// Throws as make_weighted_mean.
void require_weighted_mean(const TensorContext& tensor);

}  // namespace stockpot::method
