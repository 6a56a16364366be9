#include "engine/statistics_collection.hpp"

#include <algorithm>
#include <span>

#include "engine/row_gram.hpp"
#include "stockpot/kernel/weighted_sums.hpp"

namespace stockpot::engine {
namespace {

std::uint64_t bytes_of(const RowSource& rows) {
  return rows.rows() * rows.width() * sizeof(double);
}

}  // namespace

std::vector<io::NewStatistic> Collection::statistics() const {
  std::vector<io::NewStatistic> all = fishers;
  for (const CollectedMatrix& matrix : matrices) all.push_back(matrix.statistic);
  return all;
}

std::uint64_t Collection::least_bytes(int ranks) const {
  std::uint64_t least = fisher ? fisher->least_bytes(ranks) : 0;
  for (const CollectedMatrix& matrix : matrices) {
    if (matrix.rows) least = std::max(least, least_gram_bytes(*matrix.rows, ranks));
  }
  return least;
}

std::uint64_t Collection::work_bytes() const {
  std::uint64_t total = fisher ? fisher->work_bytes() : 0;
  for (const CollectedMatrix& matrix : matrices) {
    if (matrix.rows) total += bytes_of(*matrix.rows);
  }
  return total;
}

void write_collection(comm::Communicator& world, const Collection& collection,
                      const io::StatisticsWriter& writer, const StatisticsLimits& limits,
                      StepProgress& progress) {
  if (collection.fisher) collection.fisher->write(world, writer, limits, progress);
  std::vector<double> mean;
  for (const CollectedMatrix& matrix : collection.matrices) {
    if (!matrix.rows) continue;
    const io::NewStatistic& statistic = matrix.statistic;
    const GramPlan plan = plan_gram(*matrix.rows, world.size(), limits);
    const ReadOptions options = progress.next(bytes_of(*matrix.rows), plan.threads);
    const io::Statistic& stored = *writer.file().find(statistic.kind, statistic.name);
    const std::string what = io::name(statistic.kind) + " of " + statistic.name;
    sum_gram(world, *matrix.rows, plan, options, what,
             [&](std::uint64_t first, std::uint64_t end, std::span<const double> packed) {
               mean.assign(packed.begin(), packed.end());
               kernel::divide(mean, static_cast<double>(statistic.count));
               writer.write_rows(stored, first, end, mean);
             });
  }
}

}  // namespace stockpot::engine
