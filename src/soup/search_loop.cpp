#include "soup/search_loop.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "soup/messages.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/stop_request.hpp"

namespace stockpot::soup {
namespace {

using std::chrono::milliseconds;

/// How long ranks wait before they ask each other again: longer and longer while nothing happens.
class Patience {
 public:
  [[nodiscard]] milliseconds next() { return std::exchange(wait_, std::min(2 * wait_, milliseconds(20))); }
  void reset() { wait_ = milliseconds(1); }

 private:
  milliseconds wait_{1};
};

/// What rank 0 has all ranks do next.
struct Order {
  enum class Kind { evaluate, wait, finish };
  Kind kind = Kind::wait;
  std::uint64_t worker = 0;
  PlannedEvaluation evaluation;

  [[nodiscard]] std::string to_text() const {
    return nlohmann::json{{"kind", static_cast<int>(kind)},
                          {"worker", worker},
                          {"number", evaluation.number},
                          {"candidate", evaluation.candidate}}
        .dump();
  }
  static Order from_text(const std::string& text) {
    const nlohmann::json message = nlohmann::json::parse(text);
    Order order;
    order.kind = static_cast<Kind>(message["kind"].get<int>());
    order.worker = message["worker"].get<std::uint64_t>();
    order.evaluation.number = message["number"].get<std::uint64_t>();
    order.evaluation.candidate = message["candidate"].get<Candidate>();
    return order;
  }
};

/// Collective. Forms a candidate; a failed outcome where the method refuses its parameters, and where models
/// can't be merged as they are: they hold NaN or infinity, the result overflows, integers differ.
std::optional<Outcome> try_form(comm::Communicator& world, engine::CandidateMaker& maker,
                                const engine::Variant& variant, std::uint64_t worker,
                                const engine::RunOptions& options) {
  try {
    maker.form(variant);
    return std::nullopt;
  } catch (const comm::CollectiveError& error) {
    if (error.code() != ExitCode::usage && error.code() != ExitCode::input) throw;
    Outcome refused;
    refused.failure = "output: no candidate: " + error.reason();
    refused.worker = worker;
    if (error.code() == ExitCode::input) {
      // Of several places where it went wrong, which one is met first depends on ranks and threads.
      refused.failure = "output: no candidate: its values can't be merged";
      if (world.is_root() && options.warn) options.warn("no candidate: " + error.reason());
    }
    return refused;
  }
}

/// Rank 0's side: which evaluator is at what.
class Assigner {
 public:
  Assigner(Director& director, std::uint64_t workers) : director_(director), at_(workers) {}

  void learn(const std::vector<Outcome>& outcomes) {
    for (const Outcome& outcome : outcomes) {
      const PlannedEvaluation evaluation = at_[outcome.worker].value();
      at_[outcome.worker].reset();
      director_.learn(evaluation, outcome);
    }
  }
  [[nodiscard]] Order next() {
    if (director_.is_over()) return {Order::Kind::finish, 0, {}};
    const auto free = std::find_if(at_.begin(), at_.end(), [](const auto& at) { return !at; });
    if (free == at_.end()) return {};
    const auto evaluation = director_.begin_next(at_.size());
    if (!evaluation) return {};
    *free = *evaluation;
    return {Order::Kind::evaluate, static_cast<std::uint64_t>(free - at_.begin()), *evaluation};
  }

 private:
  Director& director_;
  std::vector<std::optional<PlannedEvaluation>> at_;
};

/// Collective. What has ended; failures count only if the job, and its programs with it, wasn't told to stop.
std::vector<Outcome> take_outcomes(EvaluationDesk& desk, comm::Communicator& world,
                                   const engine::RunOptions& options) {
  std::vector<Outcome> outcomes = desk.take();
  if (std::any_of(outcomes.begin(), outcomes.end(),
                  [](const Outcome& outcome) { return !outcome.is_usable(); })) {
    engine::check_stop_request(world, options);
  }
  return outcomes;
}

}  // namespace

void run_search(comm::Communicator& world, Director* director, engine::CandidateMaker& maker,
                const Variants& variants, EvaluationDesk& desk, const engine::RunOptions& options) {
  std::optional<Assigner> assigner;
  if (director != nullptr) assigner.emplace(*director, desk.workers());
  Patience patience;
  while (true) {
    engine::check_stop_request(world, options);
    const std::vector<Outcome> outcomes = take_outcomes(desk, world, options);
    if (!outcomes.empty()) patience.reset();
    const Order order = Order::from_text(comm::from_root(world, "search", [&] {
      assigner->learn(outcomes);
      return assigner->next().to_text();
    }));
    if (order.kind == Order::Kind::finish) return;
    if (order.kind == Order::Kind::wait) {
      desk.wait(patience.next());
      continue;
    }
    engine::Variant variant;
    comm::agree_after(world, "candidate", [&] { variant = variants.of(order.evaluation.candidate); });
    patience.reset();
    if (const std::optional<Outcome> refused = try_form(world, maker, variant, order.worker, options)) {
      comm::agree_after(world, "search", [&] {
        if (assigner) assigner->learn({*refused});
      });
      continue;
    }
    desk.begin(order.worker, order.evaluation.number);
  }
}

Outcome evaluate_once(comm::Communicator& world, const engine::Variant& variant, std::uint64_t number,
                      engine::CandidateMaker& maker, EvaluationDesk& desk,
                      const engine::RunOptions& options) {
  if (std::optional<Outcome> refused = try_form(world, maker, variant, 0, options)) return *refused;
  desk.begin(0, number);
  for (Patience patience;;) {
    engine::check_stop_request(world, options);
    const std::vector<Outcome> outcomes = take_outcomes(desk, world, options);
    if (!outcomes.empty()) return outcomes.front();
    desk.wait(patience.next());
  }
}

}  // namespace stockpot::soup
