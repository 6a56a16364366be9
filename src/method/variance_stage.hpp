#pragma once

#include <atomic>
#include <memory>

#include "method/scope_positions.hpp"
#include "method/survey_stage.hpp"

namespace stockpot::method {

/// Finds the positions of the scope where the models' task vectors vary most: int(share * number of positions
/// with a variance that is not 0), of equal variances those at the lowest positions. One mask for all models.
class VarianceStage : public SurveyStage {
 public:
  VarianceStage(const ScopeContext& scope, double share);

  [[nodiscard]] Reading next() const override;
  [[nodiscard]] std::vector<ElementRange> ranges() const override;
  void take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) override;
  void end_round(stats::Reducer& reducer) override;
  std::vector<std::uint64_t> findings() const override;
  std::size_t finding_words() const override { return 3; }
  void adopt(std::span<const std::uint64_t> findings) override;
  void refine(std::size_t tensor, std::vector<SparseRule>& rules) const override;
  void report(Diagnostics& diagnostics) const override;

 private:
  ScopePositions positions_;
  double share_;
  std::uint64_t memory_bytes_;
  std::atomic<std::uint64_t> varying_{0};
  bool counted_ = false;
  std::uint64_t kept_ = 0;
  std::unique_ptr<stats::Selection> selection_;  ///< from when the number to keep is known until all is found
  bool asked_for_ties_ = false;
  Cut lowest_;  ///< the smallest variance kept and the bound of its ties, a position of the scope
};

}  // namespace stockpot::method
