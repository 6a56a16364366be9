#include <memory>
#include <utility>
#include <vector>

#include "method/energy_stage.hpp"
#include "method/sparse_survey.hpp"
#include "method/task_vector_schema.hpp"
#include "method/variance_stage.hpp"

namespace stockpot::method {
namespace {

/// SCE (Wan et al. 2024): select the positions where task vectors vary most over the models, calculate each
/// model's weight from its energy there, erase what disagrees with the elected sign. After
/// mergekit's merge_methods/sce.py.
class Sce : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::ParameterSpec select_topk = density_parameter("share of the varying positions kept");
      select_topk.name = "select_topk";
      select_topk.per_model = false;
      recipe::ParameterSpec epsilon;
      epsilon.name = "epsilon";
      epsilon.default_value = 1e-6;
      epsilon.paper_default = 0.0;
      epsilon.minimum = 0.0;
      epsilon.help = "smallest sum of energies that tells models apart, and smallest divisor";
      return task_vector_schema("sce", "select by variance, weigh by energy, erase minority signs",
                                {select_topk, epsilon});
    }();
    return schema;
  }

  Claims claims() const override { return {.idempotent = true}; }
  bool needs_survey(const TensorContext&) const override { return true; }
  SurveyCost survey_cost(const TensorContext& tensor) const override {
    const Reduction energies{.leaf_width = tensor.models};
    if (!selects(tensor)) return {.reductions = {energies}};
    SurveyCost cost = selection_cost(1, true);
    cost.passes += 2;
    cost.reductions.push_back({.words = 1});  // how many positions vary
    cost.reductions.push_back(energies);
    return cost;
  }

  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    check_number_of_scope(scope, "select_topk");
    check_number_of_scope(scope, "epsilon");
    const TensorContext& any = scope.tensors.front();
    std::vector<std::unique_ptr<SurveyStage>> stages;
    if (selects(any)) {
      stages.push_back(std::make_unique<VarianceStage>(scope, any.values.number("select_topk")));
    }
    stages.push_back(std::make_unique<EnergyStage>(scope, any.values.number("epsilon")));
    return make_staged_survey(
        scope, std::move(stages),
        [](const TensorContext& tensor) { return std::vector<SparseRule>(tensor.models); }, form);
  }

 private:
  static bool selects(const TensorContext& tensor) { return tensor.values.number("select_topk") < 1.0; }

  static kernel::TaskVectorForm form(const TensorContext& tensor) {
    kernel::TaskVectorForm form;
    form.election = kernel::Election::unweighted;
    form.divisor_rule = kernel::Divisor::contributing_weights;
    form.least_divisor = tensor.values.number("epsilon");
    return form;
  }
};

}  // namespace

std::unique_ptr<Method> make_sce();
std::unique_ptr<Method> make_sce() {
  return std::make_unique<Sce>();
}

}  // namespace stockpot::method
