#pragma once

#include <memory>
#include <vector>

#include "stockpot/method/method.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// The mean by Fisher values of one tensor that has some. `scales`: factor of each model's values.
/// @pre the weights don't sum to zero
std::unique_ptr<ElementPass> make_fisher_pass(const TensorContext& tensor, std::vector<double> scales);

/// Reads everything once: the L2 norm of each model's Fisher values over the scope, by which its weight is
/// divided; a norm of 0 counts as 1.
std::unique_ptr<Survey> make_fisher_survey(const ScopeContext& scope);

}  // namespace stockpot::method
