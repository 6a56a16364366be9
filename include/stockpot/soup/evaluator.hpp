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

/// `number` names the evaluator in logs; `logs` is a folder that is made when first needed: what the program
/// writes to standard error goes to files there.
std::unique_ptr<Evaluator> make_command_evaluator(const recipe::Evaluate& how, std::uint64_t number,
                                                  const std::filesystem::path& logs);
/// The same with one program for all candidates, started when first needed.
std::unique_ptr<Evaluator> make_worker_evaluator(const recipe::Evaluate& how, std::uint64_t number,
                                                 const std::filesystem::path& logs);

}  // namespace stockpot::soup
