#pragma once

#include <memory>
#include <optional>

#include "stockpot/method/method.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::method {

/// `inner`, which sees in place of each model x_i the base model with a thinned task vector: x'_i = b + s_i,
/// in double, s_i = d_i (ties), d_i / density (dare, paper) or d_i r_i (dare, mergekit) of a kept entry of
/// d_i = x_i - b; b itself where the entry is dropped. Every product and sum is rounded. TIES (Yadav et al.
/// 2023) keeps the largest magnitudes, DARE (Yu et al. 2024) keeps at random; both as the methods of these
/// names do under the recipe's semantics. Tensors need an anchor; `inner` sees it only if it takes one. What
/// is surveyed for the thinning comes before what `inner` surveys, whose scope is `scope` or its default.
/// `inner` must live as long.
std::unique_ptr<Method> make_sparsified(const Method& inner, const recipe::Sparsify& how,
                                        std::optional<recipe::Scope> scope);

}  // namespace stockpot::method
