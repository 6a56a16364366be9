#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

#include "method/ownership_pass.hpp"
#include "method/task_vector_schema.hpp"
#include "stockpot/kernel/ownership.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {
namespace {

/// Counts for each model the entries of the scope that it owns alone and that it shares.
class OwnershipSurvey : public Survey {
 public:
  explicit OwnershipSurvey(const ScopeContext& scope)
      : tensors_(scope.tensors), elements_(scope.elements()), counts_(2 * scope.tensors.front().models, 0) {}

  Reading next() const override { return counted_ ? Reading::nothing : Reading::everything; }

  void take(std::size_t tensor, const Tile& tile) override {
    std::vector<kernel::TypedInput> inputs;
    for (const kernel::TypedInput& input : tile.inputs) inputs.push_back(skip(input, tile.before));
    std::vector<std::uint64_t> unique(inputs.size(), 0);
    std::vector<std::uint64_t> shared(inputs.size(), 0);
    kernel::owner_counts(inputs, skip(tile.anchor, tile.before), tensors_[tensor].values.number("epsilon"),
                         tile.count, unique, shared);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      counts_[2 * i] += unique[i];
      counts_[2 * i + 1] += shared[i];
    }
  }
  void end_round(stats::Reducer& reducer) override {
    reducer.add(counts_);
    counted_ = true;
  }

  std::vector<std::uint64_t> findings() const override { return counts_; }
  bool adopt(std::span<const std::uint64_t> findings) override {
    if (findings.size() != counts_.size()) return false;
    for (std::size_t i = 0; i < findings.size(); i += 2) {
      if (findings[i] > elements_ || findings[i + 1] > elements_ - findings[i]) return false;
    }
    counts_.assign(findings.begin(), findings.end());
    counted_ = true;
    return true;
  }

  std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const override {
    const ParameterValues& values = tensors_[tensor].values;
    return make_ownership_pass(values.number("epsilon"), factors(values));
  }
  Diagnostics diagnostics(std::size_t) const override {
    Numbers unique;
    Numbers shared;
    for (std::size_t i = 0; i < counts_.size(); i += 2) {
      unique.push_back(static_cast<double>(counts_[i]));
      shared.push_back(static_cast<double>(counts_[i + 1]));
    }
    return {{"unique", unique}, {"shared", shared}};
  }

 private:
  /// 1 + r min(shared / unique, alpha); a model that owns nothing alone has nothing to enlarge.
  [[nodiscard]] std::vector<double> factors(const ParameterValues& values) const {
    std::vector<double> factors;
    for (std::size_t i = 0; i < counts_.size(); i += 2) {
      const auto unique = static_cast<double>(counts_[i]);
      const auto shared = static_cast<double>(counts_[i + 1]);
      const double overlap = unique == 0.0 ? 0.0 : std::min(shared / unique, values.number("alpha"));
      factors.push_back(1.0 + values.number("r") * overlap);
    }
    return factors;
  }

  std::vector<TensorContext> tensors_;
  std::uint64_t elements_;
  std::mutex mutex_;
  std::vector<std::uint64_t> counts_;  ///< by model: entries owned alone, entries shared
  bool counted_ = false;
};

/// RAM+ (tensor level): ram, where what one model alone changes is enlarged the more, the more of that
/// model's changes are shared and so averaged. After mergekit's merge_methods/ram.py.
class RamPlus : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::ParameterSpec r;
      r.name = "r";
      r.default_value = 0.1;
      r.help = "how much changes of one model are enlarged by its share of shared ones";
      recipe::ParameterSpec alpha;
      alpha.name = "alpha";
      alpha.default_value = 0.2;
      alpha.minimum = 0.0;
      alpha.help = "largest ratio of shared to unique changes that counts";
      return task_vector_schema("ramplus_tl", "ram that enlarges what one model changes",
                                {r, alpha, ownership_epsilon_parameter()});
    }();
    return schema;
  }

  Claims claims() const override { return {.idempotent = true, .permutation_invariant = true}; }
  bool needs_survey(const TensorContext&) const override { return true; }

  SurveyCost survey_cost(const TensorContext& tensor) const override {
    return {.reductions = {{.words = 2 * tensor.models}}};
  }
  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    return std::make_unique<OwnershipSurvey>(scope);
  }
};

}  // namespace

std::unique_ptr<Method> make_ramplus_tl();
std::unique_ptr<Method> make_ramplus_tl() {
  return std::make_unique<RamPlus>();
}

}  // namespace stockpot::method
