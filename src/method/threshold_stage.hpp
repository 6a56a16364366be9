#pragma once

#include <optional>
#include <vector>

#include "method/scope_positions.hpp"
#include "method/survey_stage.hpp"
#include "stockpot/stats/counts.hpp"
#include "stockpot/stats/selection.hpp"

namespace stockpot::method {

/// Finds the magnitudes at which the kept ranks of each model's task vector begin and end, exactly.
class ThresholdStage : public SurveyStage {
 public:
  ThresholdStage(const ScopeContext& scope, std::vector<std::optional<stats::RankRange>> kept_ranks,
                 bool keeps_all_ties);

  [[nodiscard]] Reading next() const override;
  [[nodiscard]] std::vector<ElementRange> ranges() const override;
  void take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) override;
  void end_round(stats::Reducer& reducer) override;
  std::vector<std::uint64_t> findings() const override;
  std::size_t finding_words() const override;
  void adopt(std::span<const std::uint64_t> findings) override;
  void refine(std::size_t tensor, std::vector<SparseRule>& rules) const override;
  void report(Diagnostics& diagnostics) const override;

 private:
  /// Queries of one model that keeps a part of its entries.
  struct Wanted {
    std::size_t model = 0;
    stats::RankRange ranks;
    std::size_t lower = 0;             ///< query of the smallest magnitude kept
    std::optional<std::size_t> upper;  ///< of the largest, where larger ones are dropped
  };
  /// What is kept of one model; bounds are positions of the scope.
  struct Kept {
    Cut least;
    Cut most;
    std::uint64_t entries = 0;
  };
  /// Asks which ties of the thresholds stay, once the thresholds are known.
  void ask_for_ties();
  [[nodiscard]] Kept kept_by(const Wanted& wanted) const;

  ScopePositions positions_;
  std::vector<std::optional<stats::RankRange>> kept_ranks_;
  bool keeps_all_ties_;
  std::vector<Wanted> wanted_;
  std::vector<stats::Query> queries_;
  std::vector<std::size_t> model_of_stream_;
  std::unique_ptr<stats::Selection> selection_;  ///< until all is found
  bool asked_for_ties_ = false;
  std::vector<Kept> kept_;  ///< by entry of wanted_, once found
};

}  // namespace stockpot::method
