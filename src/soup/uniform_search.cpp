#include <numeric>
#include <utility>

#include "soup/searches.hpp"

namespace stockpot::soup {
namespace {

class UniformSearch : public Search {
 public:
  UniformSearch(Referee referee, std::uint64_t models) : referee_(std::move(referee)) {
    all_.ingredients = all_models(models);
  }

  std::optional<Candidate> next() const override {
    return referee_.best() ? std::nullopt : std::optional<Candidate>(all_);
  }

  TraceEntry take(const Outcome& outcome) override {
    TraceEntry entry = referee_.judge(Phase::search, all_, outcome);
    referee_.require_score();
    return entry;
  }

  std::unique_ptr<Search> clone() const override { return std::make_unique<UniformSearch>(*this); }
  std::optional<Outcome> guess() const override { return referee_.outcome_of(0.0); }
  Candidate winner() const override { return all_; }

 private:
  Referee referee_;
  Candidate all_;
};

}  // namespace

std::vector<std::uint64_t> all_models(std::uint64_t models) {
  std::vector<std::uint64_t> all(models);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  return all;
}

std::unique_ptr<Search> make_uniform_search(Referee referee, std::uint64_t models) {
  return std::make_unique<UniformSearch>(std::move(referee), models);
}

}  // namespace stockpot::soup
