#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "soup/trace_file.hpp"
#include "stockpot/soup/search.hpp"

namespace stockpot::soup {

/// An evaluation that is worth beginning.
struct PlannedEvaluation {
  std::uint64_t number = 0;  ///< in the trace, if it is used
  Candidate candidate;
};

/// Keeps a search going from outcomes in whatever order they come, and its trace in sequential order. Rank 0
/// has it. Local.
class Director {
 public:
  /// Outcomes that `trace` remembers are known from the beginning. `told` is shown every entry that is new.
  Director(std::unique_ptr<Search> search, TraceFile& trace,
           std::function<void(const TraceEntry&)> told = {});

  [[nodiscard]] bool is_over() const { return !search_->next(); }
  /// The evaluation that is needed first, or likely needed soon, of those that nobody is at; none where
  /// nothing can be begun now. It is then under way. `ahead`: of how many evaluators.
  std::optional<PlannedEvaluation> begin_next(std::size_t ahead);
  /// An evaluation that was under way has ended. The search goes on as far as outcomes are known. Throws what
  /// Search::take throws.
  void learn(const PlannedEvaluation& evaluation, Outcome outcome);

  /// What entries from now on say of soups.
  void describe_soups(std::function<SoupGeometry(const Candidate&)> geometry) {
    geometry_ = std::move(geometry);
  }

  [[nodiscard]] Candidate winner() const { return search_->winner(); }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }
  [[nodiscard]] std::optional<double> best() const { return best_; }

 private:
  void advance();

  std::unique_ptr<Search> search_;
  TraceFile& trace_;
  std::function<void(const TraceEntry&)> told_;
  std::function<SoupGeometry(const Candidate&)> geometry_;
  /// By number and Candidate::key: what a program was told is another number's is not used.
  using Key = std::pair<std::uint64_t, std::string>;
  std::map<Key, Outcome> known_;
  std::set<Key> under_way_;
  std::uint64_t entries_ = 0;
  std::optional<double> best_;
};

}  // namespace stockpot::soup
