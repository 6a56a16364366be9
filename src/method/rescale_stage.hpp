#pragma once

#include <mutex>
#include <vector>

#include "method/survey_stage.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {

/// Finds each model's l1_factor over the scope.
class RescaleStage : public SurveyStage {
 public:
  explicit RescaleStage(const ScopeContext& scope);

  [[nodiscard]] Reading next() const override {
    return factors_.empty() ? Reading::everything : Reading::nothing;
  }
  void take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) override;
  void end_round(stats::Reducer& reducer) override;
  void refine(std::size_t tensor, std::vector<SparseRule>& rules) const override;

 private:
  std::vector<std::uint64_t> first_leaf_;
  std::size_t models_;
  std::mutex mutex_;
  LeafSums sums_;  ///< by model: |d|_1, |kept d|_1
  std::vector<double> factors_;
};

}  // namespace stockpot::method
