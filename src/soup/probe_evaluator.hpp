#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "stockpot/probe/probe.hpp"
#include "stockpot/recipe/search.hpp"
#include "stockpot/soup/outcome.hpp"

namespace stockpot::soup {

/// The examples of a probe, in memory.
class ProbeData {
 public:
  /// Reads the file of an `evaluate:` block. Throws what io::DataFile throws.
  explicit ProbeData(const recipe::Evaluate& evaluate);
  [[nodiscard]] probe::Batch batch() const;

 private:
  std::uint64_t examples_ = 0;
  std::vector<double> inputs_;
  std::vector<std::int64_t> labels_;
};

/// The metrics that `evaluate:` names: "accuracy", "loss". One that is not finite is a failure. Throws
/// Error{usage} for other metrics.
Outcome outcome_of(const recipe::Evaluate& evaluate, const probe::Evaluation& measured);

/// Runs a model over the data: "accuracy", "loss". A metric that is not finite is a failure. Throws
/// Error{input} for a model that the backend can't take, Error{usage} for other metrics. Local, one thread.
Outcome evaluate_probe(const recipe::Evaluate& evaluate, const ProbeData& data,
                       const probe::Parameters& parameters);

}  // namespace stockpot::soup
