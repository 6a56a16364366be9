#pragma once

#include <cstdint>
#include <memory>

#include "engine/probe_rows.hpp"
#include "engine/statistics_collection.hpp"

namespace stockpot::engine {

/// Diagonal Fisher values of a model that is run: leaves of `fisher_leaf_examples` examples, each summed as
/// the backend does it, over the fixed tree, divided once by the examples. Ranks take consecutive leaves and
/// exchange sums of whole subtrees.
class ProbeFisher final : public FisherSource {
 public:
  /// @pre `probed` outlives this
  explicit ProbeFisher(const ProbedData& probed);

  [[nodiscard]] std::uint64_t least_bytes(int ranks) const override;
  [[nodiscard]] std::uint64_t work_bytes() const override;
  void write(comm::Communicator& world, const io::StatisticsWriter& writer, const StatisticsLimits& limits,
             StepProgress& progress) const override;

 private:
  [[nodiscard]] std::vector<double> leaf_squares(std::uint64_t leaf) const;
  [[nodiscard]] std::uint64_t leaves() const;
  [[nodiscard]] std::uint64_t worker_bytes() const;
  [[nodiscard]] std::uint64_t shared_bytes(int ranks, int threads) const;

  const ProbedData& probed_;
  std::uint64_t elements_ = 0;  ///< of all parameters
};

}  // namespace stockpot::engine
