#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/recipe/search.hpp"
#include "stockpot/soup/candidate.hpp"
#include "stockpot/soup/outcome.hpp"

namespace stockpot::soup {

/// Written "rank", "try", "search", "final".
enum class Phase { rank, attempt, search, final };
enum class Decision { ranked, accepted, rejected, failed, final };

/// How a soup lies among the models that it is made of, before it is rounded: of all floating tensors, as
/// one vector; of task vectors where the recipe has a base model.
struct SoupGeometry {
  double norm = 0.0;
  std::vector<double> cosines;  ///< with each model of the recipe; 0 where one is a zero vector
};

/// One line of the trace, for an evaluation that counted.
struct TraceEntry {
  std::uint64_t number = 0;  ///< `candidate`: 0, 1, ... in sequential order
  Phase phase = Phase::rank;
  Candidate candidate;
  Outcome outcome;
  std::optional<double> score;  ///< none after a failure
  std::optional<double> best;   ///< best score after this line; none before any
  Decision decision = Decision::ranked;
  std::string reason;
  recipe::Reported reported = recipe::Reported::winner;  ///< of a final line
  std::optional<SoupGeometry> geometry;                  ///< of soups, where the recipe asks for it
};

/// A sequential search as a state machine without side effects: what it asks for next depends on the outcomes
/// that it was given alone. Local, pure.
class Search {
 public:
  virtual ~Search() = default;

  /// The evaluation that it needs now; none when it is over.
  [[nodiscard]] virtual std::optional<Candidate> next() const = 0;
  /// Gives it the outcome of `next()`. Throws Error{input} where a failure must end the job (`on_failure:
  /// error`, no usable score at all).
  virtual TraceEntry take(const Outcome& outcome) = 0;
  [[nodiscard]] virtual std::unique_ptr<Search> clone() const = 0;
  /// Most likely score of `next()`, for speculation: an outcome with which the search goes on; none where
  /// nothing can be guessed, so that no later evaluation is known either.
  [[nodiscard]] virtual std::optional<Outcome> guess() const = 0;
  /// What was found. @pre next() is empty
  [[nodiscard]] virtual Candidate winner() const = 0;
};

/// The search that a recipe describes, over `models` ingredients. Throws Error{usage} for strategies that are
/// no sequence of independent evaluations (learned).
std::unique_ptr<Search> make_search(const recipe::Search& search, const recipe::Evaluate& evaluate,
                                    std::uint64_t models, std::uint64_t seed);

/// The line of an evaluation on data that have chosen nothing; its number is the caller's. `best`: of the
/// search. Throws Error{input} for a failure under `on_failure: error`.
TraceEntry final_entry(const recipe::Evaluate& evaluate, const Candidate& candidate, const Outcome& outcome,
                       std::optional<double> best);

/// A candidate that a search will ask for, likely.
struct Foreseen {
  Candidate candidate;
  std::uint64_t steps = 0;  ///< outcomes that the search takes before
};

/// The next candidates that a search will ask for, the needed one first, as far as outcomes are known or can
/// be guessed: at most `count`, none that `known` has an outcome for. With one candidate this is `next()`.
std::vector<Foreseen> foresee(const Search& search, std::size_t count,
                              const std::function<const Outcome*(const Foreseen&)>& known);

}  // namespace stockpot::soup
