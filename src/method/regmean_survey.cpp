#include "method/regmean_survey.hpp"

#include <vector>

#include "method/layer_equation.hpp"
#include "method/matrix_sum.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/kernel/cholesky.hpp"

namespace stockpot::method {
namespace {

class RegMeanSurvey : public Survey {
 public:
  explicit RegMeanSurvey(const TensorContext& tensor)
      : name_(tensor.name),
        ridge_(tensor.values.number("ridge")),
        equation_(tensor),
        sum_(tensor.matrices.order, tensor.values.number("alpha"), tensor.values.of_models("weight")) {}

  [[nodiscard]] Reading next() const override { return next_; }
  void take(std::size_t, const Tile& tile) override { equation_.take(tile); }
  [[nodiscard]] std::uint64_t matrix_parts() const override { return sum_.panels(); }
  void take_matrices(std::uint64_t part, MatrixSource& source) override {
    // The right-hand side is known by the time the ridge is added.
    sum_.add_panel(part, source, adds_ridge_ ? nullptr : &equation_, equation_.unknown().values());
  }

  void end_round(stats::Reducer&) override {
    if (next_ == Reading::everything) {
      equation_.begin();
      sum_.begin();
      next_ = Reading::matrices;
      return;
    }
    leave_out_dead_inputs();
    if (kernel::factor_cholesky(sum_.data(), sum_.order(), sum_.order())) return add_ridge();
    SolvedElements& unknown = equation_.unknown();
    for (const std::uint64_t row : dead_inputs_) equation_.set_mean(row, sum_.weights());
    for (const OwnElements& stretch : unknown.stretches()) {
      kernel::solve_cholesky(sum_.data(), sum_.order(), sum_.order(),
                             equation_.columns_of(stretch, std::span<double>(unknown.values())));
    }
    sum_.release();
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
  /// Rows and columns of inputs that never occur become those of the identity, which keeps their means.
  void leave_out_dead_inputs() {
    const std::uint64_t order = sum_.order();
    dead_inputs_.clear();
    double total = 0.0;
    for (std::uint64_t row = 0; row < order; ++row) {
      total += sum_.diagonal(row);
      if (sum_.diagonal(row) == 0.0) dead_inputs_.push_back(row);
    }
    const auto live = static_cast<double>(order - dead_inputs_.size());
    if (adds_ridge_) {
      for (std::uint64_t row = 0; row < order; ++row) sum_.diagonal(row) += ridge_ * (total / live);
    }
    for (const std::uint64_t dead : dead_inputs_) {
      for (std::uint64_t i = 0; i < order; ++i)
        sum_.data()[std::max(i, dead) * order + std::min(i, dead)] = 0.0;
      sum_.diagonal(dead) = 1.0;
    }
  }

  void add_ridge() {
    if (adds_ridge_ || ridge_ == 0.0) {
      throw Error(
          ExitCode::input,
          "the sum of its Gram matrices is not positive definite; a larger ridge: or a smaller alpha: "
          "makes it so",
          {"", name_});
    }
    adds_ridge_ = true;
    sum_.begin();
  }

  std::string name_;
  double ridge_;
  LayerEquation equation_;
  MatrixSum sum_;
  Reading next_ = Reading::everything;
  bool adds_ridge_ = false;
  std::vector<std::uint64_t> dead_inputs_;
};

}  // namespace

std::unique_ptr<Survey> make_regmean_survey(const TensorContext& tensor) {
  return std::make_unique<RegMeanSurvey>(tensor);
}

}  // namespace stockpot::method
