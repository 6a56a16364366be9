#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/io/statistics_file.hpp"
#include "stockpot/probe/probe.hpp"

/// Statistics files, which tell what a model's data say about its weights.
namespace stockpot::engine {

/// What is taken: X^T X of layer inputs and of output gradients, or diagonal Fisher values.
enum class Collected { gram, fisher };

/// A model that is run in place of samples that were taken before.
struct ProbeSource {
  std::string backend;         ///< as probe::find_probe takes it
  std::filesystem::path data;  ///< as io::DataFile reads it
  probe::LabelChoice labels;
};

struct StatisticsJob {
  Collected what = Collected::gram;
  std::vector<std::filesystem::path> samples;  ///< one sequence of examples, in this order
  std::optional<ProbeSource> probe;            ///< in place of samples
  std::string model;                           ///< a checkpoint
  std::filesystem::path output;
  bool extend = false;         ///< adds to the file that stands at `output`
  bool full = false;           ///< symmetric matrices are stored whole, not as triangles
  std::string block;           ///< regex (RE2) on tensor names; empty: no blocks
  std::optional<DType> dtype;  ///< f32 or f64; none: f64 for matrices, f32 for Fisher diagonals
};

/// A statistic that was written.
struct WrittenStatistic {
  io::StatisticKind kind = io::StatisticKind::fisher;
  std::string name;
  Shape shape;              ///< of the dataset
  std::uint64_t count = 0;  ///< tokens of a Gram, examples of the rest
};

struct StatisticsSummary {
  io::StatisticsHeader header;
  std::vector<WrittenStatistic> statistics;  ///< by kind, then by name
  double seconds = 0.0;
  std::uint64_t read_bytes = 0;  ///< all ranks
};

/// Collective. Takes statistics of a model from sample files, or by running it, and writes them to
/// `job.output`, which is replaced once the new file is whole; with `extend` what stands there and what is
/// new become one, as `combine_statistics` does, and what only one of them has stays as it is. The bits
/// depend on the sequence of examples alone: not on how it is cut into files, not on ranks, threads and
/// memory. Throws on every rank alike: Error{input} naming file and object, Error{usage}, Error{system_io};
/// Error{stopped} after a stop request. After an error what stood at the output stands there still. Cost: the
/// model's bytes once (for its digest), samples as often as the memory limit makes it.
StatisticsSummary collect_statistics(comm::Communicator& world, const StatisticsJob& job,
                                     const RunOptions& options);

/// Collective. Writes (sum n_i S_i) / (sum n_i) of every statistic of the files, in their order, with n_i
/// tokens for Grams and examples for the rest. Throws as `collect_statistics`, also for a file whose
/// model_digest or labels differ from the first one's, for a statistic that some files lack, and for one
/// that does not say what it is a mean over. Cost: every file is read once.
StatisticsSummary combine_statistics(comm::Communicator& world,
                                     const std::vector<std::filesystem::path>& files,
                                     const std::filesystem::path& output, const RunOptions& options);

}  // namespace stockpot::engine
