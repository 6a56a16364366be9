#pragma once

#include <memory>

#include "method/gram_survey.hpp"

namespace stockpot::method {

/// The apply step of methods whose rows (the lines along the last axis) each have a geometry and a linear
/// form of their own. Tiles must hold whole rows of `row_elements`.
std::unique_ptr<ElementPass> make_row_pass(const TensorContext& tensor, Span span, SolveGeometry solve);

/// Length of a tensor's lines along its last axis; of one with fewer than two axes, all of it.
std::uint64_t row_length(const TensorContext& tensor);

}  // namespace stockpot::method
