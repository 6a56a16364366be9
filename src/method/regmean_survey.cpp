#include "method/regmean_survey.hpp"

#include <numeric>
#include <vector>

#include "method/factored_sum.hpp"
#include "method/layer_equation.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

class RegMeanSurvey : public Survey {
 public:
  explicit RegMeanSurvey(const ScopeContext& scope)
      : tensor_(scope.tensors.front()),
        make_store_(scope.make_store),
        equation_(tensor_),
        sum_(make_factored_sum(tensor_, make_store_)) {}

  [[nodiscard]] Reading next() const override { return next_; }
  void take(std::size_t, const Tile& tile) override { equation_.take(tile); }
  [[nodiscard]] std::uint64_t matrix_parts() const override { return matrix_panels(equation_.order()); }
  void take_matrices(std::uint64_t part, MatrixSource& source) override {
    // The right-hand side is known by the time the ridge is added.
    sum_->add_panel(part, source, adds_ridge_ ? nullptr : &equation_, equation_.unknown().values());
  }

  void end_round(stats::Reducer&) override {
    if (next_ == Reading::everything) {
      equation_.begin();
      sum_->begin();
      next_ = Reading::matrices;
      return;
    }
    prepare();
    if (!sum_->factor()) return add_ridge();
    SolvedElements& unknown = equation_.unknown();
    for (const std::uint64_t row : dead_inputs_) {
      equation_.set_mean(row, tensor_.values.of_models("weight"));
    }
    std::vector<kernel::Columns> lists;
    for (const OwnElements& stretch : unknown.stretches()) {
      lists.push_back(equation_.columns_of(stretch, std::span<double>(unknown.values())));
    }
    sum_->solve(lists);
    sum_->release();
    equation_.release_models();
    next_ = Reading::nothing;
  }

  [[nodiscard]] std::unique_ptr<ElementPass> coefficients(std::size_t) const override {
    return equation_.unknown().pass();
  }
  [[nodiscard]] Diagnostics diagnostics(std::size_t) const override {
    return {{"factorization", adds_ridge_ ? "ridge" : "cholesky"},
            {"dead_inputs", static_cast<std::uint64_t>(dead_inputs_.size())}};
  }

 private:
  /// Leaves out inputs that never occur: with rows and columns of the identity they keep their means.
  void prepare() {
    const std::vector<double> diagonal = sum_->diagonal();
    dead_inputs_.clear();
    for (std::uint64_t row = 0; row < diagonal.size(); ++row) {
      if (diagonal[row] == 0.0) dead_inputs_.push_back(row);
    }
    const double total = std::accumulate(diagonal.begin(), diagonal.end(), 0.0);
    const auto live = static_cast<double>(diagonal.size() - dead_inputs_.size());
    sum_->prepare(adds_ridge_ ? tensor_.values.number("ridge") * (total / live) : 0.0, dead_inputs_);
  }

  void add_ridge() {
    if (adds_ridge_ || tensor_.values.number("ridge") == 0.0) {
      throw Error(
          ExitCode::input,
          "the sum of its Gram matrices is not positive definite; a larger ridge: or a smaller alpha: "
          "makes it so",
          {"", tensor_.name});
    }
    adds_ridge_ = true;
    sum_->begin();
  }

  TensorContext tensor_;
  StoreMaker make_store_;
  LayerEquation equation_;
  std::unique_ptr<FactoredSum> sum_;
  Reading next_ = Reading::everything;
  bool adds_ridge_ = false;
  std::vector<std::uint64_t> dead_inputs_;
};

}  // namespace

std::unique_ptr<Survey> make_regmean_survey(const ScopeContext& scope) {
  return std::make_unique<RegMeanSurvey>(scope);
}

}  // namespace stockpot::method
