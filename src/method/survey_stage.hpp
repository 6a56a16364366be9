#pragma once

#include <vector>

#include "method/sparse_rule.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// One step of a survey of the task-vector family: reads what it needs, then adds what it found to the rules.
class SurveyStage {
 public:
  SurveyStage() = default;
  SurveyStage(const SurveyStage&) = delete;
  SurveyStage& operator=(const SurveyStage&) = delete;
  virtual ~SurveyStage() = default;

  [[nodiscard]] virtual Reading next() const = 0;
  [[nodiscard]] virtual std::vector<ElementRange> ranges() const { return {}; }
  /// `rules`: of the tensor, as the stages before this one left them. Thread safe.
  virtual void take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) = 0;
  virtual void end_round(stats::Reducer& reducer) = 0;
  /// What a complete stage found, always as many words, and taking that over: as in Survey.
  [[nodiscard]] virtual std::vector<std::uint64_t> findings() const = 0;
  [[nodiscard]] virtual std::size_t finding_words() const = 0;
  virtual void adopt(std::span<const std::uint64_t> findings) = 0;
  /// @pre next() is nothing
  virtual void refine(std::size_t tensor, std::vector<SparseRule>& rules) const = 0;
  virtual void refine(kernel::TaskVectorForm& /*form*/) const {}
  virtual void report(Diagnostics& /*diagnostics*/) const {}
};

}  // namespace stockpot::method
