#pragma once

#include <string>
#include <vector>

#include "grid_search.hpp"
#include "results.hpp"
#include "study_options.hpp"

namespace stockpot::reproduce {

/// How one method of table E3 fared; by seed.
struct MethodRecord {
  std::string name;
  std::vector<std::vector<Outcome>> outcomes;  ///< of every candidate
  std::vector<Cost> statistics;                ///< of all constituents; zeros if the method needs none
};

/// By formula, means over seeds.
struct TrainingFlops {
  double ingredient = 0;  ///< mean over the held-in cells
  double multitask = 0;
};

struct Study {
  Results results;
  Results other_numbers;  ///< as table E4, for methods that it doesn't have
  std::vector<MethodRecord> methods;
  TrainingFlops training;
};

/// Collective. Compositional generalisation of merged models, after the protocol of tables E3, E3b and E4:
/// models fine-tuned from one anchor on cells (domain, pair of classes) are merged, and judged on these cells
/// and on others. Trains, writes checkpoints and data, collects statistics, merges, opens the results again
/// and evaluates them; everything lies in `options.out`. Results do not depend on the number of ranks.
Study run_compositional(comm::Communicator& world, const StudyOptions& options);

}  // namespace stockpot::reproduce
