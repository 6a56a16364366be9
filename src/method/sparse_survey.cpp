#include "method/sparse_survey.hpp"

#include <algorithm>
#include <utility>

#include "method/majority_stage.hpp"
#include "method/rescale_stage.hpp"
#include "method/threshold_stage.hpp"

namespace stockpot::method {
namespace {

class StagedSurvey : public Survey {
 public:
  StagedSurvey(const ScopeContext& scope, std::vector<std::unique_ptr<SurveyStage>> stages,
               const RulesOf& rules, FormOf form)
      : tensors_(scope.tensors), form_(std::move(form)), stages_(std::move(stages)) {
    for (const TensorContext& tensor : tensors_) rules_.push_back(rules(tensor));
    pass_complete_stages();
  }

  Reading next() const override {
    return stage_ == stages_.size() ? Reading::nothing : stages_[stage_]->next();
  }
  std::vector<ElementRange> ranges() const override { return stages_[stage_]->ranges(); }
  void take(std::size_t tensor, const Tile& tile) override {
    stages_[stage_]->take(tensor, tile, rules_[tensor]);
  }
  void end_round(stats::Reducer& reducer) override {
    stages_[stage_]->end_round(reducer);
    pass_complete_stages();
  }

  std::vector<std::uint64_t> findings() const override {
    std::vector<std::uint64_t> words;
    for (const auto& stage : stages_) {
      const std::vector<std::uint64_t> more = stage->findings();
      words.insert(words.end(), more.begin(), more.end());
    }
    return words;
  }
  bool adopt(std::span<const std::uint64_t> findings) override {
    std::size_t words = 0;
    for (const auto& stage : stages_) words += stage->finding_words();
    if (findings.size() != words) return false;
    for (const auto& stage : stages_) {
      stage->adopt(findings.first(stage->finding_words()));
      findings = findings.subspan(stage->finding_words());
    }
    pass_complete_stages();
    return true;
  }

  std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const override {
    kernel::TaskVectorForm form = form_(tensors_[tensor]);
    for (const auto& stage : stages_) stage->refine(form);
    return make_task_vector_pass(form, rules_[tensor]);
  }
  Diagnostics diagnostics(std::size_t) const override {
    Diagnostics diagnostics;
    for (const auto& stage : stages_) stage->report(diagnostics);
    return diagnostics;
  }

 private:
  void pass_complete_stages() {
    for (; stage_ < stages_.size() && stages_[stage_]->next() == Reading::nothing; ++stage_) {
      for (std::size_t t = 0; t < rules_.size(); ++t) stages_[stage_]->refine(t, rules_[t]);
    }
  }

  std::vector<TensorContext> tensors_;
  FormOf form_;
  std::vector<std::vector<SparseRule>> rules_;  ///< by tensor and model, as the stages so far leave them
  std::vector<std::unique_ptr<SurveyStage>> stages_;
  std::size_t stage_ = 0;
};

}  // namespace

std::unique_ptr<Survey> make_sparse_survey(const ScopeContext& scope, SparseSurvey wanted) {
  std::vector<std::unique_ptr<SurveyStage>> stages;
  const bool selects = std::any_of(wanted.kept_ranks.begin(), wanted.kept_ranks.end(),
                                   [](const auto& ranks) { return ranks.has_value(); });
  if (selects) {
    stages.push_back(
        std::make_unique<ThresholdStage>(scope, std::move(wanted.kept_ranks), wanted.keeps_all_ties));
  }
  if (wanted.rescales) stages.push_back(std::make_unique<RescaleStage>(scope));
  if (wanted.elects_majority) stages.push_back(std::make_unique<MajorityStage>());
  return make_staged_survey(scope, std::move(stages), wanted.rules, std::move(wanted.form));
}

std::unique_ptr<Survey> make_staged_survey(const ScopeContext& scope,
                                           std::vector<std::unique_ptr<SurveyStage>> stages,
                                           const RulesOf& rules, FormOf form) {
  return std::make_unique<StagedSurvey>(scope, std::move(stages), rules, std::move(form));
}

}  // namespace stockpot::method
