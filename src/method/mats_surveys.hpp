#pragma once

#include <memory>

#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// One tensor with the matrices of its layer's inputs, or of a vector's gradients: their sum is formed once.
/// 2 order operations for each element and iteration, and two sums over the ranks.
std::unique_ptr<Survey> make_forward_mats_survey(const TensorContext& tensor);

/// One tensor with the matrices of its layer's inputs and output gradients, all of which every rank holds. 2
/// K (order + output order) operations for each element and iteration; the ranks bring the direction
/// together.
std::unique_ptr<Survey> make_kfac_mats_survey(const TensorContext& tensor);

/// One tensor with Fisher values: every operation is element by element.
std::unique_ptr<Survey> make_diagonal_mats_survey(const TensorContext& tensor);

}  // namespace stockpot::method
