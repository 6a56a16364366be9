#pragma once

#include <cstdint>
#include <filesystem>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/candidate_maker.hpp"
#include "stockpot/engine/load_models.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/soup/soup_job.hpp"

namespace stockpot::soup {

/// Where a learned soup writes while it runs.
struct LearnedFiles {
  std::filesystem::path trace;
  std::filesystem::path gradients;  ///< by which a stopped job goes on
  std::filesystem::path logs;       ///< of evaluators
  std::filesystem::path scratch;    ///< folder for scratch files
};

struct LearnedSoup {
  engine::Variant winner;
  LearnedWinner learned;
  double score = 0.0;            ///< of the winner, on the data that it learned from
  std::uint64_t entries = 0;     ///< lines of the trace
  std::uint64_t remembered = 0;  ///< of these, that an earlier run had made
  engine::CandidateCounters held;
};

/// Collective. Learns the coefficients of a recipe's models, writes its trace, and evaluates the soup,
/// rounded to the output's dtypes: on `evaluate:` for its score, and on `final:` for the trace's last line if
/// there is one. While it learns, soups are in double and never rounded. Every rank holds all models in
/// double; the files are read twice, for learning and for evaluating. Trace (but for seconds and workers) and
/// winner are the same for any number of ranks. A stopped job goes on from the gradients that it had. Throws
/// on every rank alike: Error{usage} for recipes that can't be, Error{input} for models and data that don't
/// fit, for a loss that isn't finite and for a soup without score, Error{stopped} after a stop request.
LearnedSoup learn_soup(comm::Communicator& world, const engine::LoadedRecipe& loaded,
                       const engine::RunOptions& options, const LearnedFiles& files);

}  // namespace stockpot::soup
