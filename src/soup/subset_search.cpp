#include <algorithm>
#include <utility>

#include "soup/searches.hpp"

namespace stockpot::soup {
namespace {

class SubsetSearch : public Search {
 public:
  SubsetSearch(Referee referee, std::uint64_t models, std::uint64_t budget)
      : referee_(std::move(referee)), left_(budget), soup_(all_models(models)), best_(soup_) {}

  std::optional<Candidate> next() const override {
    if (is_over_ || left_ == 0) return std::nullopt;
    Candidate candidate{.ingredients = soup_, .parameters = {}};
    if (begun_) {
      candidate.ingredients.erase(candidate.ingredients.begin() + static_cast<std::ptrdiff_t>(left_out_));
    }
    return candidate;
  }

  TraceEntry take(const Outcome& outcome) override {
    const Candidate candidate = next().value();
    TraceEntry entry = referee_.judge(Phase::search, candidate, outcome);
    if (entry.decision == Decision::accepted) best_ = candidate.ingredients;
    --left_;
    if (!begun_) {
      begun_ = true;
      is_over_ = soup_.size() == 1;
    } else if (++left_out_ == soup_.size()) {
      end_round();
    }
    if (is_over_ || left_ == 0) referee_.require_score();
    return entry;
  }

  std::unique_ptr<Search> clone() const override { return std::make_unique<SubsetSearch>(*this); }
  /// What a round asks for doesn't depend on its outcomes.
  std::optional<Outcome> guess() const override { return referee_.outcome_that(false); }
  Candidate winner() const override { return {.ingredients = best_, .parameters = {}}; }

 private:
  void end_round() {
    is_over_ = best_.size() == soup_.size() || best_.size() == 1;
    soup_ = best_;
    left_out_ = 0;
  }

  Referee referee_;
  std::uint64_t left_;  // evaluations
  bool begun_ = false;  // the soup of all models has been evaluated
  bool is_over_ = false;
  std::vector<std::uint64_t> soup_;  // of this round
  std::vector<std::uint64_t> best_;  // last accepted
  std::size_t left_out_ = 0;         // position in soup_
};

}  // namespace

std::unique_ptr<Search> make_subset_search(Referee referee, std::uint64_t models, std::uint64_t budget) {
  return std::make_unique<SubsetSearch>(std::move(referee), models, budget);
}

}  // namespace stockpot::soup
