#include <algorithm>
#include <utility>

#include "soup/searches.hpp"

namespace stockpot::soup {
namespace {

class GreedySearch : public Search {
 public:
  GreedySearch(Referee referee, std::uint64_t models, bool last_first)
      : referee_(std::move(referee)), models_(models), last_first_(last_first) {}

  std::optional<Candidate> next() const override {
    Candidate candidate;
    if (is_ranking()) {
      candidate.ingredients = {ranked_};
    } else if (tried_ < order_.size()) {
      candidate.ingredients = soup_;
      candidate.ingredients.push_back(order_[tried_].model);
    } else {
      return std::nullopt;
    }
    return candidate;
  }

  TraceEntry take(const Outcome& outcome) override {
    const Candidate candidate = next().value();
    return is_ranking() ? take_alone(candidate, outcome) : take_try(candidate, outcome);
  }

  std::unique_ptr<Search> clone() const override { return std::make_unique<GreedySearch>(*this); }

  /// A model whose score isn't known is taken for the worst one; a try goes like most tries before it.
  std::optional<Outcome> guess() const override {
    if (!is_ranking()) return referee_.outcome_that(referee_.most_are_accepted());
    const auto worst = std::min_element(order_.begin(), order_.end(),
                                        [](const Single& a, const Single& b) { return a.score < b.score; });
    return referee_.outcome_of(worst == order_.end() ? 0.0 : worst->score);
  }

  Candidate winner() const override { return {.ingredients = soup_, .parameters = {}}; }

 private:
  struct Single {
    std::uint64_t model = 0;
    double score = 0.0;
  };

  bool is_ranking() const { return ranked_ < models_; }

  TraceEntry take_alone(const Candidate& candidate, const Outcome& outcome) {
    TraceEntry entry = referee_.rank(candidate, outcome);
    if (entry.score) order_.push_back({ranked_, *entry.score});
    ++ranked_;
    if (!is_ranking()) begin_tries();
    return entry;
  }

  TraceEntry take_try(const Candidate& candidate, const Outcome& outcome) {
    TraceEntry entry = referee_.judge(Phase::attempt, candidate, outcome);
    if (entry.decision == Decision::accepted) soup_ = candidate.ingredients;
    ++tried_;
    return entry;
  }

  void begin_tries() {
    referee_.require_score();
    if (last_first_) std::reverse(order_.begin(), order_.end());
    std::stable_sort(order_.begin(), order_.end(),
                     [](const Single& a, const Single& b) { return a.score > b.score; });
    soup_ = {order_.front().model};
    tried_ = 1;
  }

  Referee referee_;
  std::uint64_t models_;
  bool last_first_;
  std::uint64_t ranked_ = 0;   // models 0 ... ranked_ - 1 have been evaluated alone
  std::vector<Single> order_;  // models that have a score; sorted once all are ranked
  std::size_t tried_ = 0;      // of order_
  std::vector<std::uint64_t> soup_;
};

}  // namespace

std::unique_ptr<Search> make_greedy_search(Referee referee, std::uint64_t models, bool last_first) {
  return std::make_unique<GreedySearch>(std::move(referee), models, last_first);
}

}  // namespace stockpot::soup
