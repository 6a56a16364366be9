#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "soup/optimizer.hpp"
#include "soup/searches.hpp"
#include "soup/unit_space.hpp"

namespace stockpot::soup {
namespace {

/// Batches in a row that ask for nothing new: lists may leave an optimiser nowhere to go.
constexpr std::uint64_t most_idle_batches = 200;

class OptimizerSearch : public Search {
 public:
  OptimizerSearch(Referee referee, UnitSpace space, std::unique_ptr<const Optimizer> optimizer,
                  std::uint64_t budget)
      : referee_(std::move(referee)),
        space_(std::make_shared<const UnitSpace>(std::move(space))),
        optimizer_(std::move(optimizer)),
        left_(std::min(budget, space_->count().value_or(budget))) {
    advance();
  }

  std::optional<Candidate> next() const override {
    return is_over() ? std::nullopt : std::optional<Candidate>(batch_[at_]);
  }

  TraceEntry take(const Outcome& outcome) override {
    const Candidate candidate = next().value();
    TraceEntry entry = referee_.judge(Phase::search, candidate, outcome);
    if (entry.decision == Decision::accepted) best_ = candidate;
    if (entry.score) worst_ = std::min(worst_.value_or(*entry.score), *entry.score);
    results_[candidate.key()] = entry.score;
    is_guessed_ = is_guessed_ || outcome.attempts == 0;
    --left_;
    idle_batches_ = 0;
    advance();
    if (is_over()) referee_.require_score();
    return entry;
  }

  std::unique_ptr<Search> clone() const override { return std::make_unique<OptimizerSearch>(*this); }

  std::optional<Outcome> guess() const override {
    Outcome guess = referee_.outcome_that(false);
    guess.attempts = 0;
    return guess;
  }
  Candidate winner() const override { return best_; }

 private:
  [[nodiscard]] bool is_over() const { return left_ == 0 || at_ == batch_.size(); }

  /// To the next candidate that has no result.
  void advance() {
    while (left_ > 0 && idle_batches_ <= most_idle_batches) {
      while (at_ < batch_.size() && results_.count(batch_[at_].key()) != 0) ++at_;
      if (at_ < batch_.size()) return;
      begin_batch();
      if (batch_.empty()) return;
    }
    batch_.clear();
    at_ = 0;
  }

  /// None after guesses if the optimiser makes its next batch of all of their scores.
  void begin_batch() {
    for (const Candidate& candidate : batch_) {
      scores_.push_back(results_.at(candidate.key()).value_or(of_failures()));
    }
    batch_.clear();
    at_ = 0;
    ++idle_batches_;
    if (is_guessed_ && !optimizer_->foresees_batches()) return;
    for (const Point& point : optimizer_->asks(scores_)) batch_.push_back(space_->candidate(point));
  }
  [[nodiscard]] double of_failures() const {
    return worst_.value_or(std::numeric_limits<double>::lowest() / 4.0);
  }

  Referee referee_;
  std::shared_ptr<const UnitSpace> space_;
  std::shared_ptr<const Optimizer> optimizer_;
  std::uint64_t left_;                                    ///< evaluations
  std::map<std::string, std::optional<double>> results_;  ///< scores by Candidate::key
  std::optional<double> worst_;
  std::vector<double> scores_;  ///< of all points of the batches before
  std::vector<Candidate> batch_;
  std::size_t at_ = 0;       ///< which of the batch is needed
  bool is_guessed_ = false;  ///< some result is
  std::uint64_t idle_batches_ = 0;
  Candidate best_;
};

/// What there is to search where nothing has a choice: one candidate.
std::unique_ptr<Search> make_only_search(Referee referee, const UnitSpace& space) {
  return make_listed_search(std::move(referee), 1,
                            [only = space.candidate({})](std::uint64_t) { return only; });
}

}  // namespace

std::unique_ptr<Search> make_cmaes_search(Referee referee, const std::vector<recipe::SpaceEntry>& space,
                                          std::uint64_t budget, std::uint64_t seed) {
  UnitSpace cube(space);
  if (cube.dimensions() == 0) return make_only_search(std::move(referee), cube);
  auto optimizer = make_evolution(cube.middle(), budget, seed);
  return std::make_unique<OptimizerSearch>(std::move(referee), std::move(cube), std::move(optimizer), budget);
}

std::unique_ptr<Search> make_subplex_search(Referee referee, const std::vector<recipe::SpaceEntry>& space,
                                            std::uint64_t budget) {
  UnitSpace cube(space);
  if (cube.dimensions() == 0) return make_only_search(std::move(referee), cube);
  auto optimizer = make_subplex(cube.middle(), cube.steps(), cube.tolerances());
  return std::make_unique<OptimizerSearch>(std::move(referee), std::move(cube), std::move(optimizer), budget);
}

}  // namespace stockpot::soup
