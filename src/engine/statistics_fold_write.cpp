#include <algorithm>
#include <vector>

#include "engine/statistics_fold.hpp"
#include "stockpot/engine/sweep.hpp"
#include "stockpot/kernel/weighted_sums.hpp"

namespace stockpot::engine {
namespace {

using Files = std::vector<const io::StatisticsFile*>;

/// Values of a block that one thread works on.
constexpr std::uint64_t block_values = std::uint64_t{1} << 17;

bool is_fisher(const FoldedStatistic& folded) {
  return folded.stored.kind == io::StatisticKind::fisher;
}

/// Elements of a Fisher, rows of a matrix.
std::uint64_t items_of(const FoldedStatistic& folded) {
  const io::Statistic& first = *folded.terms.front().statistic;
  return is_fisher(folded) ? first.data.elements : first.dimension;
}

std::uint64_t items_per_block(const FoldedStatistic& folded) {
  if (is_fisher(folded)) return block_values;
  return std::max<std::uint64_t>(1, block_values / std::max<std::uint64_t>(1, items_of(folded)));
}

/// The average over a matrix's rows.
std::uint64_t values_per_item(const FoldedStatistic& folded) {
  return is_fisher(folded) ? 1 : (items_of(folded) + 1) / 2;
}

/// One thread's buffers.
class BlockFolder {
 public:
  BlockFolder(const Files& files, const io::StatisticsWriter& writer) : files_(files), writer_(writer) {}

  void write(const FoldedStatistic& folded, std::uint64_t block) {
    const std::uint64_t first = block * items_per_block(folded);
    const std::uint64_t end = std::min(first + items_per_block(folded), items_of(folded));
    double total = 0.0;
    bool is_first = true;
    for (const FoldedStatistic::Term& term : folded.terms) {
      read(term, first, end);
      if (folded.terms.size() == 1) {
        sums_ = values_;
        break;
      }
      if (is_first) sums_.assign(values_.size(), 0.0);
      is_first = false;
      const auto weight = static_cast<double>(term.count);
      kernel::add_weighted(values_, weight, sums_);
      total += weight;
    }
    if (folded.terms.size() > 1) kernel::divide(sums_, total);
    const io::Statistic& target = *writer_.file().find(folded.stored.kind, folded.stored.name);
    if (is_fisher(folded)) {
      writer_.write_block(target, first, sums_);
    } else {
      writer_.write_rows(target, first, end, sums_);
    }
  }

 private:
  void read(const FoldedStatistic::Term& term, std::uint64_t first, std::uint64_t end) {
    const io::StatisticsFile& file = *files_[term.file];
    if (term.statistic->kind == io::StatisticKind::fisher) {
      values_.resize(static_cast<std::size_t>(end - first));
      file.read_fisher(*term.statistic, first, values_);
    } else {
      file.read_rows(*term.statistic, first, end, values_);
    }
  }

  const Files& files_;
  const io::StatisticsWriter& writer_;
  std::vector<double> values_;
  std::vector<double> sums_;
};

}  // namespace

std::uint64_t least_fold_bytes(std::uint64_t rows) {
  return 6 * std::max(block_values, 2 * rows) * sizeof(double);
}

std::uint64_t Fold::most_rows() const {
  std::uint64_t most = 0;
  for (const FoldedStatistic& folded : statistics) {
    if (!is_fisher(folded)) most = std::max(most, items_of(folded));
  }
  return most;
}

std::uint64_t Fold::work_bytes() const {
  std::uint64_t total = 0;
  for (const FoldedStatistic& folded : statistics) {
    if (!folded.stored.shared_with.empty()) continue;
    total += items_of(folded) * values_per_item(folded) * sizeof(double) * folded.terms.size();
  }
  return total;
}

void write_fold(comm::Communicator& world, const Fold& fold, const Files& files,
                const io::StatisticsWriter& writer, const StatisticsLimits& limits, StepProgress& progress) {
  std::vector<const FoldedStatistic*> written;
  std::vector<SweepItem> items;
  for (const FoldedStatistic& folded : fold.statistics) {
    if (!folded.stored.shared_with.empty()) continue;
    written.push_back(&folded);
    const std::uint64_t item_bytes = values_per_item(folded) * sizeof(double) * folded.terms.size();
    items.push_back({items_of(folded) * item_bytes, items_per_block(folded) * item_bytes});
  }
  UnitQueue queue(items, world.rank(), world.size());
  const ReadOptions options =
      progress.next(fold.work_bytes(), limits.threads_that_fit(least_fold_bytes(fold.most_rows())));
  run_sweep(world, queue, options, "combining statistics", [&] {
    BlockFolder folder(files, writer);
    while (const auto unit = queue.next()) {
      folder.write(*written[unit->item], unit->unit);
      queue.finish(*unit);
    }
  });
}

}  // namespace stockpot::engine
