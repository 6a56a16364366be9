#include <utility>

#include "soup/searches.hpp"

namespace stockpot::soup {
namespace {

/// Candidates that don't depend on outcomes.
class ListedSearch : public Search {
 public:
  ListedSearch(Referee referee, std::uint64_t count, std::function<Candidate(std::uint64_t)> candidate)
      : referee_(std::move(referee)), count_(count), candidate_(std::move(candidate)) {}

  std::optional<Candidate> next() const override {
    return taken_ == count_ ? std::nullopt : std::optional<Candidate>(candidate_(taken_));
  }

  TraceEntry take(const Outcome& outcome) override {
    const Candidate candidate = next().value();
    TraceEntry entry = referee_.judge(Phase::search, candidate, outcome);
    if (entry.decision == Decision::accepted) best_ = candidate;
    if (++taken_ == count_) referee_.require_score();
    return entry;
  }

  std::unique_ptr<Search> clone() const override { return std::make_unique<ListedSearch>(*this); }
  std::optional<Outcome> guess() const override { return referee_.outcome_that(false); }
  Candidate winner() const override { return best_; }

 private:
  Referee referee_;
  std::uint64_t count_;
  std::function<Candidate(std::uint64_t)> candidate_;
  std::uint64_t taken_ = 0;
  Candidate best_;
};

}  // namespace

std::unique_ptr<Search> make_listed_search(Referee referee, std::uint64_t count,
                                           std::function<Candidate(std::uint64_t)> candidate) {
  return std::make_unique<ListedSearch>(std::move(referee), count, std::move(candidate));
}

}  // namespace stockpot::soup
