#include "method/sparsified.hpp"

#include <numeric>
#include <utility>
#include <vector>

#include "method/sparsified_survey.hpp"
#include "method/sparsifier.hpp"

namespace stockpot::method {
namespace {

class Sparsified : public Method {
 public:
  Sparsified(const Method& inner, const recipe::Sparsify& how, std::optional<recipe::Scope> scope)
      : merge_{inner, Sparsifier(how), scope} {}

  [[nodiscard]] const recipe::MethodSchema& schema() const override { return merge_.inner.schema(); }
  [[nodiscard]] Claims claims() const override { return {}; }

  [[nodiscard]] bool needs_survey(const TensorContext& tensor) const override {
    return merge_.sparsifier.needs_survey(tensor) || merge_.inner.needs_survey(merge_.as_inner_sees(tensor));
  }
  [[nodiscard]] std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    return make_sparsified_survey(scope, merge_);
  }
  [[nodiscard]] SurveyCost survey_cost(const TensorContext& tensor) const override {
    return merge_.survey_cost(tensor);
  }
  [[nodiscard]] std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    std::vector<std::unique_ptr<ElementPass>> parts;
    for (std::size_t model = 0; model < tensor.models; ++model) {
      parts.push_back(merge_.sparsifier.pass(only_model(tensor, model)));
    }
    return make_sparsified_pass(std::move(parts), merge_.inner.coefficients(merge_.as_inner_sees(tensor)),
                                merge_.inner.schema().has_anchor());
  }
  [[nodiscard]] recipe::Scope default_scope(recipe::Semantics semantics) const override {
    return merge_.inner.default_scope(semantics);
  }
  [[nodiscard]] recipe::Scope survey_scope(const TensorContext& tensor, recipe::Scope) const override {
    return merge_.scope_of_survey(tensor);
  }
  [[nodiscard]] std::uint64_t workspace_width(const TensorContext& tensor) const override {
    return tensor.models + merge_.inner.workspace_width(merge_.as_inner_sees(tensor));
  }
  [[nodiscard]] StatisticUse statistic_use(const ParameterValues& values) const override {
    return merge_.inner.statistic_use(values);
  }
  [[nodiscard]] std::uint64_t owned_run(const TensorContext& tensor) const override {
    return merge_.inner.owned_run(merge_.as_inner_sees(tensor));
  }
  [[nodiscard]] std::uint64_t row_elements(const TensorContext& tensor) const override {
    const std::uint64_t rows = merge_.inner.row_elements(merge_.as_inner_sees(tensor));
    // Sums of the thinning run over leaves, so tiles must end with both.
    const bool adds_leaves = rows > 1 && merge_.sparsifier.adds_leaves(tensor);
    return adds_leaves ? std::lcm(rows, leaf_elements) : rows;
  }

 private:
  SparsifiedMerge merge_;
};

}  // namespace

std::unique_ptr<Method> make_sparsified(const Method& inner, const recipe::Sparsify& how,
                                        std::optional<recipe::Scope> scope) {
  return std::make_unique<Sparsified>(inner, how, scope);
}

}  // namespace stockpot::method
