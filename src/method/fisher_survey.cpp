#include "method/fisher_survey.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>

#include "method/finding_words.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/kernel/fisher_mean.hpp"
#include "stockpot/kernel/gram.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {
namespace {

class FisherPass : public ElementPass {
 public:
  explicit FisherPass(kernel::FisherForm form) : form_(std::move(form)) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    return kernel::fisher_mean(form_, tile.inputs, tile.statistics, tile.output, tile.count);
  }

 private:
  kernel::FisherForm form_;
};

class FisherSurvey : public Survey {
 public:
  explicit FisherSurvey(const ScopeContext& scope)
      : tensors_(scope.tensors),
        models_(scope.tensors.front().models),
        squares_(scope.leaf_count(), models_) {
    for (std::size_t t = 0; t < tensors_.size(); ++t) first_leaf_.push_back(scope.first_leaf(t));
  }

  Reading next() const override { return norms_.empty() ? Reading::everything : Reading::nothing; }

  void take(std::size_t tensor, const Tile& tile) override {
    std::vector<double> leaves;
    for (std::uint64_t done = 0; done < tile.count; done += leaf_elements) {
      const std::uint64_t count = std::min(leaf_elements, tile.count - done);
      for (const kernel::TypedInput& fisher : tile.statistics) {
        const kernel::TypedInput leaf = skip(fisher, done);
        double& square = leaves.emplace_back();
        kernel::gram({&leaf, 1}, {}, count, {&square, 1});
      }
    }
    const std::lock_guard lock(mutex_);
    squares_.add(first_leaf_[tensor] + tile.first / leaf_elements, leaves);
  }

  void end_round(stats::Reducer& reducer) override {
    std::vector<double> norms;
    for (const double square : reducer.total(squares_)) norms.push_back(std::sqrt(square));
    for (std::size_t i = 0; i < models_; ++i) {
      if (std::isfinite(norms[i])) continue;
      throw Error(ExitCode::input,
                  "the norm of the Fisher values of " + quote(tensors_.front().model_names[i]) +
                      " is beyond what a double holds (normalization: none takes them as they are)");
    }
    norms_ = std::move(norms);
  }

  std::vector<std::uint64_t> findings() const override {
    std::vector<std::uint64_t> words;
    put_words(words, norms_);
    return words;
  }
  bool adopt(std::span<const std::uint64_t> findings) override {
    if (findings.size() != models_) return false;
    norms_ = take_numbers(findings);
    return true;
  }

  std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const override {
    std::vector<double> scales = tensors_[tensor].values.of_models("weight");
    for (std::size_t i = 0; i < models_; ++i) scales[i] /= norms_[i] == 0.0 ? 1.0 : norms_[i];
    return make_fisher_pass(tensors_[tensor], std::move(scales));
  }
  Diagnostics diagnostics(std::size_t) const override { return {{"fisher_norms", norms_}}; }

 private:
  std::vector<TensorContext> tensors_;
  std::size_t models_;
  std::vector<std::uint64_t> first_leaf_;
  std::mutex mutex_;
  LeafSums squares_;           ///< by model
  std::vector<double> norms_;  ///< by model, once found
};

}  // namespace

std::unique_ptr<ElementPass> make_fisher_pass(const TensorContext& tensor, std::vector<double> scales) {
  const ParameterValues& values = tensor.values;
  kernel::FisherForm form{std::move(scales), {}, values.of_models("weight")};
  const double floor = values.number("floor");
  form.floors.assign(tensor.models, floor);
  if (values.flag("favor_target")) std::fill(form.floors.begin() + 1, form.floors.end(), 0.0);
  return std::make_unique<FisherPass>(std::move(form));
}

std::unique_ptr<Survey> make_fisher_survey(const ScopeContext& scope) {
  return std::make_unique<FisherSurvey>(scope);
}

}  // namespace stockpot::method
