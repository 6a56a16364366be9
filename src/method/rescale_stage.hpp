#pragma once

#include <mutex>
#include <vector>

#include "method/finding_words.hpp"
#include "method/survey_stage.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {

/// Numbers of each leaf that the stage below adds up.
inline std::uint64_t rescale_width(std::size_t models) {
  return 2 * models;
}

/// Finds each model's l1_factor over the scope.
class RescaleStage : public SurveyStage {
 public:
  explicit RescaleStage(const ScopeContext& scope);

  [[nodiscard]] Reading next() const override {
    return factors_.empty() ? Reading::everything : Reading::nothing;
  }
  void take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) override;
  void end_round(stats::Reducer& reducer) override;
  std::vector<std::uint64_t> findings() const override {
    std::vector<std::uint64_t> words;
    put_words(words, factors_);
    return words;
  }
  std::size_t finding_words() const override { return models_; }
  void adopt(std::span<const std::uint64_t> findings) override { factors_ = take_numbers(findings); }
  void refine(std::size_t tensor, std::vector<SparseRule>& rules) const override;

 private:
  std::vector<std::uint64_t> first_leaf_;
  std::size_t models_;
  std::mutex mutex_;
  LeafSums sums_;  ///< by model: |d|_1, |kept d|_1
  std::vector<double> factors_;
};

}  // namespace stockpot::method
