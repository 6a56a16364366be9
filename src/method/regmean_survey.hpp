#pragma once

#include <memory>

#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// Solves one tensor: reads it, then the models' matrices; then, on every rank that has columns of it,
/// factors the sum and solves for them. Where there is no factor the matrices are read once more, with the
/// ridge. order^3 / 3 operations on each such rank, 2 (K + 1) order for each element. @pre one tensor, with
/// matrices
std::unique_ptr<Survey> make_regmean_survey(const ScopeContext& scope);

}  // namespace stockpot::method
