#pragma once

#include <atomic>
#include <optional>

#include "method/survey_stage.hpp"

namespace stockpot::method {

/// What the stage below reduces.
inline Reduction majority_reduction() {
  return {.words = 1};
}

/// Finds the sign that most elements of the scope elect: the sign of the sum of all elected signs, + where
/// that is zero. Ties-merging (Yadav et al. 2023), src/utils/merge_utils.py.
class MajorityStage : public SurveyStage {
 public:
  [[nodiscard]] Reading next() const override { return sign_ ? Reading::nothing : Reading::everything; }
  void take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) override;
  void end_round(stats::Reducer& reducer) override;
  std::vector<std::uint64_t> findings() const override { return {*sign_ > 0.0 ? 1U : 0U}; }
  std::size_t finding_words() const override { return 1; }
  void adopt(std::span<const std::uint64_t> findings) override { sign_ = findings[0] != 0 ? 1.0 : -1.0; }
  void refine(std::size_t, std::vector<SparseRule>&) const override {}
  void refine(kernel::TaskVectorForm& form) const override { form.tie_sign = *sign_; }

 private:
  std::atomic<std::int64_t> balance_{0};
  std::optional<double> sign_;
};

}  // namespace stockpot::method
