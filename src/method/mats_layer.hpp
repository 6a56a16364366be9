#pragma once

#include <memory>
#include <vector>

#include "method/layer_equation.hpp"
#include "method/mats_iterations.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// What the surveys of `mats` with matrices share: rounds, start, right-hand side, result.
class MatsLayerSurvey : public Survey {
 public:
  explicit MatsLayerSurvey(const TensorContext& tensor);

  [[nodiscard]] Reading next() const override { return next_; }
  void take(std::size_t, const Tile& tile) override { equation_.take(tile); }
  void end_round(stats::Reducer& reducer) override;
  [[nodiscard]] std::unique_ptr<ElementPass> coefficients(std::size_t) const override {
    return equation_.unknown().pass();
  }
  [[nodiscard]] Diagnostics diagnostics(std::size_t) const override { return iterations_.diagnostics(); }

 protected:
  /// All models' elements are here, no matrix yet.
  virtual void begin_matrices() = 0;
  /// Collective. All matrices are here: what remains of the right-hand side, before the models' elements go.
  virtual void end_matrices(stats::Reducer& reducer) = 0;
  /// Collective. Overwrites `product` with the operator's of `vector`, flat lists both.
  virtual void apply_operator(std::span<const double> vector, std::span<double> product) = 0;
  [[nodiscard]] virtual std::vector<double> operator_diagonal() const = 0;
  virtual void release_matrices() = 0;

  LayerEquation equation_;
  std::vector<double> rhs_;  ///< flat, of what this rank has

 private:
  [[nodiscard]] std::vector<ProductLeaf> leaves() const;
  [[nodiscard]] std::uint64_t leaf_count() const;

  TensorContext tensor_;
  MatsIterations iterations_;
  Reading next_ = Reading::everything;
};

}  // namespace stockpot::method
