#include <algorithm>
#include <memory>
#include <utility>

#include "method/layer_equation.hpp"
#include "method/matrix_sum.hpp"
#include "method/mats_layer.hpp"
#include "method/mats_start.hpp"
#include "method/mats_surveys.hpp"
#include "method/weighted_mean.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {
namespace {

recipe::ParameterSpec number(std::string name, double value, std::string help) {
  recipe::ParameterSpec spec;
  spec.name = std::move(name);
  spec.default_value = value;
  spec.minimum = 0.0;
  spec.help = std::move(help);
  return spec;
}

recipe::ParameterSpec choice(std::string name, std::vector<std::string> choices, std::string help) {
  recipe::ParameterSpec spec;
  spec.name = std::move(name);
  spec.kind = recipe::ParameterKind::choice;
  spec.choices = std::move(choices);
  spec.help = std::move(help);
  return spec;
}

recipe::MethodSchema make_schema() {
  recipe::MethodSchema schema;
  schema.name = "mats";
  schema.summary = "weights matched in the models' task subspaces by a few conjugate gradient steps";
  schema.takes_statistics = true;
  schema.takes_base_model = true;
  recipe::ParameterSpec alpha = number("alpha", 1.0, "factor of the matrices off their diagonals");
  alpha.maximum = 1.0;
  recipe::ParameterSpec init_lambda =
      number("init_lambda", 0.3, "factor of the task vectors in init: task_arithmetic");
  init_lambda.minimum.reset();
  schema.parameters = {
      statistics_weight("factor of the model's matrix; of the model in means"),
      choice("objective", {"forward", "kfac", "diagonal", "block"},
             "Gram of inputs; and of output gradients; Fisher values; Fisher blocks of vectors"),
      alpha,
      number("floor", 1e-8, "smallest Fisher value that counts (objective: diagonal)"),
      number("iterations", 100.0, "most conjugate gradient steps"),
      number("tolerance", 1e-5, "stop where the residual is so small beside the right-hand side"),
      choice("init", {"task_arithmetic", "average", "pretrained", "zero"}, "where the iterations start"),
      init_lambda,
      choice("preconditioner", {"none", "jacobi"}, "divide the residual by the operator's diagonal"),
      choice("others", {"average", "init"}, "tensors without statistics: the mean, or the start's value"),
  };
  return schema;
}

/// What the iterations bring together, if they don't stop early.
Reduction inner_products(const TensorContext& tensor) {
  const auto iterations = static_cast<std::uint64_t>(tensor.values.number("iterations"));
  const bool preconditioned = tensor.values.words.at("preconditioner") == "jacobi";
  Reduction products;
  products.leaf_width = 2 + (preconditioned ? 3 : 2) * iterations;
  if (tensor.matrices.order > 0) products.leaf_elements = product_leaf_elements(tensor);
  return products;
}

/// S(A_i V B_i) = S(A_i W_i^T B_i) for V = W^T, by a few steps of conjugate gradients from `init`: Tam et al.
/// 2024, section 4 (conjugateGradient_fisherMerging.py, conjugateGradient_diagonalFisher.py).
/// forward: A_i = weight_i (alpha G_i + (1 - alpha) diag(G_i)), B_i = I; kfac: B_i the same of the output
/// gradients, without the weight; diagonal: weight_i max(F_i, floor), element by element; block: A_i of the
/// gradients of a vector.
class Mats : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = make_schema();
    return schema;
  }
  Claims claims() const override {
    return {.idempotent = false, .permutation_invariant = true, .linear = true};
  }

  StatisticUse statistic_use(const ParameterValues& values) const override {
    const std::string& objective = values.words.at("objective");
    if (objective == "forward") return StatisticUse::input_matrix;
    if (objective == "kfac") return StatisticUse::input_output_matrix;
    return objective == "block" ? StatisticUse::vector_matrix : StatisticUse::diagonal;
  }
  std::uint64_t owned_run(const TensorContext& tensor) const override {
    return tensor.matrices.order > 0 ? columns_run(tensor) : 1;
  }
  bool needs_survey(const TensorContext& tensor) const override {
    return tensor.has_statistics || tensor.matrices.order > 0;
  }
  recipe::Scope survey_scope(const TensorContext&, recipe::Scope) const override {
    return recipe::Scope::tensor;
  }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    // Unknown, residual, direction and product; before them, beside the first two, the models' elements.
    constexpr std::uint64_t vector_bytes = sizeof(double);
    const MatrixShape& matrices = tensor.matrices;
    const std::vector<Reduction> products{inner_products(tensor)};
    if (tensor.has_statistics) {
      return {.needed_bytes_per_element = 7 * vector_bytes,
              .kept_bytes_per_element = vector_bytes,
              .reductions = products};
    }
    // With one more for the preconditioner.
    SurveyCost cost{
        .needed_bytes = MatrixSum::bytes(matrices.order),
        .needed_bytes_per_element = std::max(matrices.element_bytes + 2 * vector_bytes, 5 * vector_bytes),
        .needed_bytes_per_lane = MatrixSum::lane_bytes(tensor),
        .kept_bytes_per_element = vector_bytes,
        .reductions = products};
    if (matrices.output_order > 0) {
      cost.needed_bytes = tensor.models * (cost.needed_bytes + MatrixSum::bytes(matrices.output_order));
      // Every rank brings the whole direction together, as words and as doubles.
      cost.needed_bytes += 4 * sizeof(double) * tensor.elements;
      const auto iterations = static_cast<std::uint64_t>(tensor.values.number("iterations"));
      cost.reductions.push_back({.element_words = tensor.models + 1 + iterations, .unit_words = 2});
    }
    return cost;
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    const TensorContext& tensor = scope.tensors.front();
    require_weighted_mean(tensor);
    static_cast<void>(make_start(tensor));
    if (tensor.has_statistics) return make_diagonal_mats_survey(tensor);
    return tensor.matrices.output_order > 0 ? make_kfac_mats_survey(tensor)
                                            : make_forward_mats_survey(tensor);
  }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return tensor.values.words.at("others") == "init" ? make_start(tensor) : make_weighted_mean(tensor);
  }
};

}  // namespace

std::unique_ptr<Method> make_mats();
std::unique_ptr<Method> make_mats() {
  return std::make_unique<Mats>();
}

}  // namespace stockpot::method
