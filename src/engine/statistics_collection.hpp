#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/row_source.hpp"
#include "engine/statistics_limits.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/statistics_job.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/statistics_writer.hpp"

namespace stockpot::engine {

/// A symmetric matrix that is to be taken: X^T X / count.
struct CollectedMatrix {
  io::NewStatistic statistic;
  std::unique_ptr<RowSource> rows;  ///< null where it is kept in another's dataset
};

/// Diagonal Fisher values that are to be taken.
class FisherSource {
 public:
  virtual ~FisherSource() = default;
  FisherSource(const FisherSource&) = delete;
  FisherSource& operator=(const FisherSource&) = delete;

  /// Bytes without which no rank can work.
  [[nodiscard]] virtual std::uint64_t least_bytes(int ranks) const = 0;
  /// What is read or computed, for progress.
  [[nodiscard]] virtual std::uint64_t work_bytes() const = 0;
  /// Collective. Writes every tensor's values; the bits depend on the examples alone.
  virtual void write(comm::Communicator& world, const io::StatisticsWriter& writer,
                     const StatisticsLimits& limits, StepProgress& progress) const = 0;

 protected:
  FisherSource() = default;
};

/// Statistics of one sequence of examples, ready to be taken.
struct Collection {
  std::shared_ptr<const void> sources;  ///< what rows and Fisher read from
  io::StatisticsHeader header;          ///< but for model_digest
  std::vector<CollectedMatrix> matrices;
  std::vector<io::NewStatistic> fishers;
  std::unique_ptr<FisherSource> fisher;  ///< null without `fishers`
  /// Files whose content must not change, and the model digest that they claim.
  struct Input {
    std::filesystem::path path;
    io::FileIdentity identity;
    std::optional<Digest> model_digest;
  };
  std::vector<Input> inputs;

  [[nodiscard]] std::vector<io::NewStatistic> statistics() const;
  [[nodiscard]] std::uint64_t least_bytes(int ranks) const;
  [[nodiscard]] std::uint64_t work_bytes() const;
};

/// How what is collected is stored.
struct StatisticsStorage {
  DType matrix = DType::f64;
  DType fisher = DType::f32;
  io::TriangleLayout layout = io::TriangleLayout::lower;
};

/// Local. Opens the sample files of a job and checks that they belong together and fit the model.
/// Error{input} naming file and object, Error{usage} for what `block` does not fit.
Collection collect_samples(const StatisticsJob& job, const checkpoint::Checkpoint& model,
                           const StatisticsStorage& storage);
/// Local. Opens the model and the data of a job that runs it. The same errors.
Collection collect_probed(const StatisticsJob& job, const checkpoint::Checkpoint& model,
                          const StatisticsStorage& storage);

/// Collective. Takes all of it.
void write_collection(comm::Communicator& world, const Collection& collection,
                      const io::StatisticsWriter& writer, const StatisticsLimits& limits,
                      StepProgress& progress);

}  // namespace stockpot::engine
