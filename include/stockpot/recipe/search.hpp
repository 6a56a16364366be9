#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stockpot/recipe/scope.hpp"

namespace stockpot::recipe {

/// What `final` evaluates: the search's winner, every model alone, the mean of all models, the winner's
/// ingredients with their logits averaged instead of their weights.
enum class Reported { winner, singles, uniform, ensemble };

enum class Strategy { uniform, greedy, learned, grid, random, cmaes, nlopt, subset };

/// One entry of `search: {space: ...}`: a parameter and what it may be.
struct SpaceEntry {
  std::string text;                    ///< as written: "weight@1", "t~mlp"
  std::string parameter;               ///< of the recipe's method
  std::optional<std::uint64_t> model;  ///< index into `models`, after `@`; none: every model, or none of them
  std::optional<std::string> filter;   ///< substring of tensor names, after `~`; none: every tensor
  std::vector<double> values;          ///< of a list; empty: a range
  double low = 0.0;                    ///< of a range
  double high = 0.0;

  friend bool operator==(const SpaceEntry&, const SpaceEntry&) = default;
};

/// `search:` which candidates are tried and when one is taken.
struct Search {
  Strategy strategy = Strategy::uniform;
  bool accepts_equal = false;  ///< `accept: ">="`
  bool last_first = true;      ///< `ties: last`: among equal single scores the model listed last goes first
  std::vector<SpaceEntry> space;
  std::uint64_t budget = 100;  ///< evaluations of random, cmaes, nlopt, subset

  bool log_geometry = false;  ///< norms and cosines of soups, in the trace

  // Of learned soups.
  Scope scope = Scope::tensor;
  std::uint64_t epochs = 5;
  std::uint64_t batch_size = 256;  ///< 0: all examples in one batch
  double learning_rate = 0.05;
  double weight_decay = 0.0;
  bool shuffle = true;
  bool learn_temperature = true;
  bool log_gradients = false;
};

/// `evaluate:` how a candidate is scored. Exactly one of `command` and `probe` is in use.
struct Evaluate {
  std::vector<std::string> command;
  std::string probe;  ///< name of a built-in backend, with `data`
  std::string data;
  bool worker = false;                    ///< one command for many candidates, by lines
  std::map<std::string, double> metrics;  ///< name -> weight in the score; `metric: m` is {m: 1}
  bool minimizes = false;                 ///< `mode: minimize` negates the score
  std::uint64_t workers = 1;
  double timeout_seconds = 600.0;  ///< of one attempt
  std::uint64_t retries = 1;       ///< after the first attempt
  bool fails_job = false;          ///< `on_failure: error`
  std::string scratch = "/dev/shm";
  std::shared_ptr<const Evaluate> final;  ///< of what is reported, never used to choose; null: none
  std::vector<Reported> report = {Reported::winner};  ///< of a `final` block, in its order
};

}  // namespace stockpot::recipe
