#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "stockpot/recipe/search.hpp"
#include "stockpot/soup/outcome.hpp"

namespace stockpot::soup {

/// One candidate that stands as a checkpoint folder.
struct Evaluation {
  std::uint64_t candidate = 0;  ///< number that the program is told
  std::filesystem::path checkpoint;
  std::string split;  ///< "search" or "final"
};

/// Scores checkpoint folders with a program of the user's. One at a time; several evaluators may run side by
/// side, each in a thread of its own.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  /// All attempts that the recipe allows. Returns failures as outcomes. Throws Error{stopped} as soon as
  /// `stop` is set, after the program and all of its process group are gone.
  virtual Outcome evaluate(const Evaluation& evaluation, const std::atomic<bool>& stop) = 0;
};

/// Starts `how.command` with the folder as last argument, once per attempt. `number` is the outcomes'
/// `worker`. What the program writes to standard error, and in one more line why its attempt failed, stands
/// in `logs` (made when first needed), one file an attempt: `candidate-000007-search-1.log`. Attempts of an
/// earlier job with that name are kept above it.
/// `evaluate` throws Error{usage} if there is no such program, Error{system_io} if it can't be started or its
/// log can't be written.
std::unique_ptr<Evaluator> make_command_evaluator(const recipe::Evaluate& how, std::uint64_t number,
                                                  const std::filesystem::path& logs);
/// The same with one program for all candidates, started when first needed, whose log is `worker-1.log` for
/// number 1. After a failed attempt it is killed, and started anew for the next; one that ended by itself
/// after an answer is started anew without counting an attempt. The end of the evaluator is the end of its
/// input; it has two seconds before it is killed.
std::unique_ptr<Evaluator> make_worker_evaluator(const recipe::Evaluate& how, std::uint64_t number,
                                                 const std::filesystem::path& logs);

}  // namespace stockpot::soup
