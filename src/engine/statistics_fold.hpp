#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "engine/statistics_limits.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/io/statistics_writer.hpp"

namespace stockpot::engine {

/// A statistic of several files, and what it becomes.
struct FoldedStatistic {
  io::NewStatistic stored;
  struct Term {
    std::size_t file = 0;
    const io::Statistic* statistic = nullptr;  ///< of that file
    std::uint64_t count = 0;                   ///< what it is a mean over
  };
  std::vector<Term> terms;  ///< in the order of the files
};

/// What several files become together: (sum n_i S_i) / (sum n_i), S_i itself where one file has it.
struct Fold {
  io::StatisticsHeader header;
  std::vector<FoldedStatistic> statistics;

  [[nodiscard]] std::vector<io::NewStatistic> stored() const;
  [[nodiscard]] std::uint64_t most_rows() const;  ///< of a matrix
  [[nodiscard]] std::uint64_t work_bytes() const;
};

struct FoldRules {
  bool complete =
      true;  ///< every file has every statistic, and labels are equal; else what some have is kept
  io::TriangleLayout layout = io::TriangleLayout::lower;
  /// Files from this one on are new: their statistics are of type `matrix` or `fisher`, those of both of the
  /// type `asked` for, others of the widest type of the earlier files.
  std::size_t first_new = std::numeric_limits<std::size_t>::max();
  std::optional<DType> asked;
  DType matrix = DType::f64;
  DType fisher = DType::f32;
};

/// Bytes without which no rank can fold matrices of so many rows.
std::uint64_t least_fold_bytes(std::uint64_t rows);

/// Local. Pairs the statistics of files, which must outlive the fold. Throws Error{input} naming file and
/// object: another model_digest, other labels, other shapes, no count, and what `rules.complete` asks for.
Fold plan_fold(const std::vector<const io::StatisticsFile*>& files, const FoldRules& rules);

/// Collective. Writes it, block by block, each by one rank. Every product and sum is rounded, in the order of
/// the files.
void write_fold(comm::Communicator& world, const Fold& fold,
                const std::vector<const io::StatisticsFile*>& files, const io::StatisticsWriter& writer,
                const StatisticsLimits& limits, StepProgress& progress);

}  // namespace stockpot::engine
