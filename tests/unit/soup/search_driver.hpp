#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "stockpot/soup/search.hpp"
#include "stockpot/soup/trace.hpp"

namespace stockpot::soup::testing {

/// What an evaluation of a candidate gives; the same for the same candidate.
using Evaluations = std::function<Outcome(const Candidate&)>;

/// A search over `accuracy`.
inline recipe::Evaluate by_accuracy() {
  recipe::Evaluate evaluate;
  evaluate.metrics = {{"accuracy", 1.0}};
  return evaluate;
}

inline Outcome accuracy(double value) {
  Outcome outcome;
  outcome.metrics = {{"accuracy", value}};
  return outcome;
}

inline Outcome failure(const std::string& reason) {
  Outcome outcome;
  outcome.failure = reason;
  outcome.attempts = 2;
  return outcome;
}

/// An arbitrary function of candidates: `values` different scores, and failures with that probability.
inline Evaluations arbitrary(std::uint64_t seed, std::uint64_t values, double failing) {
  return [=](const Candidate& candidate) {
    std::mt19937_64 random(std::hash<std::string>{}(candidate.key()) ^ (seed * 0x9e3779b97f4a7c15u));
    random.discard(3);
    if (std::uniform_real_distribution<double>()(random) < failing) return failure("exit 1");
    return accuracy(static_cast<double>(random() % values) / static_cast<double>(values));
  };
}

/// Lines of the trace of one evaluator.
inline std::vector<std::string> run_alone(Search& search, const Evaluations& evaluate, std::uint64_t models) {
  std::vector<std::string> lines;
  while (const auto candidate = search.next()) {
    lines.push_back(to_line(search.take(evaluate(*candidate)), models));
  }
  return lines;
}

struct Speculation {
  std::vector<std::string> lines;
  std::uint64_t evaluations = 0;  ///< used or not
};

/// The same with `workers` evaluators that finish in random order.
inline Speculation run_ahead(Search& search, const Evaluations& evaluate, std::uint64_t models,
                             std::size_t workers, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::map<std::string, Outcome> done;
  std::map<std::string, Candidate> running;
  Speculation result;
  const auto known = [&](const Foreseen& foreseen) -> const Outcome* {
    const auto found = done.find(foreseen.candidate.key());
    return found == done.end() ? nullptr : &found->second;
  };
  while (search.next()) {
    for (const auto& [candidate, steps] : foresee(search, workers, known)) {
      if (running.size() < workers) running.emplace(candidate.key(), candidate);
    }
    const auto finished = std::next(running.begin(), static_cast<std::ptrdiff_t>(random() % running.size()));
    done.emplace(finished->first, evaluate(finished->second));
    running.erase(finished);
    ++result.evaluations;
    for (auto candidate = search.next(); candidate && known({*candidate, 0}); candidate = search.next()) {
      result.lines.push_back(to_line(search.take(*known({*candidate, 0})), models));
    }
  }
  return result;
}

}  // namespace stockpot::soup::testing
