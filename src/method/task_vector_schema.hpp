#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stockpot/kernel/task_vectors.hpp"
#include "stockpot/method/survey.hpp"
#include "stockpot/recipe/schema.hpp"

namespace stockpot::method {

/// Parameters that the methods of the task-vector family share, with the defaults that mergekit gives them.
recipe::ParameterSpec weight_parameter();
recipe::ParameterSpec density_parameter(std::string help);
recipe::ParameterSpec lambda_parameter();
recipe::ParameterSpec normalize_parameter(bool default_value);
recipe::ParameterSpec rescale_parameter(bool default_value);

/// A schema with a required base model and these parameters.
recipe::MethodSchema task_vector_schema(std::string name, std::string summary,
                                        std::vector<recipe::ParameterSpec> parameters);

/// b + lambda S(w d), `normalize` dividing by S(w) (by 1 where that is below 1e-8).
kernel::TaskVectorForm summing_form(const TensorContext& tensor);
/// The same over the entries that agree with the elected sign, divided by the sum of their weights.
kernel::TaskVectorForm electing_form(const TensorContext& tensor);

/// A per-model parameter that all tensors of a scope must agree on. Throws Error{usage} where they don't.
std::vector<double> of_scope(const ScopeContext& scope, const std::string& parameter);
/// The same check of a parameter that models don't have of their own.
void check_number_of_scope(const ScopeContext& scope, const std::string& parameter);

}  // namespace stockpot::method
