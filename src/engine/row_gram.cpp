#include "engine/row_gram.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/leaf_reduction.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/comm/ordered_reduction.hpp"
#include "stockpot/engine/sweep.hpp"
#include "stockpot/kernel/input_gram.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::engine {
namespace {

/// Values of a panel that all ranks exchange at once, shared by them.
constexpr std::uint64_t exchanged_values = std::uint64_t{1} << 18;

std::uint64_t leaf_count(const RowSource& rows) {
  return (rows.rows() + gram_leaf_rows - 1) / gram_leaf_rows;
}

std::uint64_t exchanged_rows_values(std::uint64_t width, int ranks) {
  return std::max(width, exchanged_values / static_cast<std::uint64_t>(ranks));
}

/// Rows [first, end) of a triangle of `width` rows, with `threads` threads.
std::uint64_t panel_bytes(const RowSource& rows, std::uint64_t first, std::uint64_t end, int threads,
                          int ranks) {
  const std::uint64_t packed = kernel::packed_size(first, end);
  const std::uint64_t chunk = std::min(gram_chunk_rows, rows.rows());
  const std::uint64_t own = (end - first) * end + packed + chunk * rows.width();
  const std::uint64_t nodes = most_held_nodes(leaf_count(rows), threads);
  const auto workers = static_cast<std::uint64_t>(threads);
  return sizeof(double) * (workers * own + nodes * packed) + workers * rows.read_workspace_bytes(chunk) +
         exchange_bytes(leaf_count(rows), threads, ranks,
                        std::min(packed, exchanged_rows_values(rows.width(), ranks)));
}

std::uint64_t next_cut(std::uint64_t row, std::uint64_t width) {
  return std::min<std::uint64_t>(row + kernel::gram_tile_rows, width);
}

std::uint64_t last_tile(std::uint64_t width) {
  return (width - 1) / kernel::gram_tile_rows * kernel::gram_tile_rows;
}

/// One leaf's sums of a panel.
class LeafGram {
 public:
  LeafGram(const RowSource& rows, std::uint64_t first, std::uint64_t end)
      : rows_(rows), sums_(static_cast<std::size_t>((end - first) * end)) {
    panel_ = {sums_.data(), static_cast<std::size_t>(first), static_cast<std::size_t>(end),
              static_cast<std::size_t>(end)};
  }

  std::vector<double> packed(std::uint64_t leaf) {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    const std::uint64_t end = std::min((leaf + 1) * gram_leaf_rows, rows_.rows());
    for (std::uint64_t first = leaf * gram_leaf_rows; first < end; first += gram_chunk_rows) {
      const std::uint64_t count = std::min(gram_chunk_rows, end - first);
      rows_.read(first, count, values_);
      const auto width = static_cast<std::size_t>(rows_.width());
      kernel::add_input_gram({DType::f64, std::as_bytes(std::span(values_)).data(),
                              static_cast<std::size_t>(count), width, width},
                             panel_);
    }
    std::vector<double> result(kernel::packed_size(panel_.first_row, panel_.end_row));
    kernel::pack_triangle(panel_, result);
    return result;
  }

 private:
  const RowSource& rows_;
  std::vector<double> sums_;
  std::vector<double> values_;
  kernel::TrianglePanel panel_;
};

/// Collective. This rank's share of the leaves of a panel, folded.
LeafSums sum_leaves_of(comm::Communicator& world, const RowSource& rows, std::uint64_t first,
                       std::uint64_t end, const ReadOptions& options, const std::string& what) {
  LeafSums mine(leaf_count(rows), kernel::packed_size(first, end));
  std::mutex mutex;
  const std::uint64_t row_bytes = rows.width() * sizeof(double);
  const std::vector<SweepItem> items{{rows.rows() * row_bytes, gram_leaf_rows * row_bytes}};
  UnitQueue queue(items, world.rank(), world.size());
  run_sweep(world, queue, options, what, [&] {
    LeafGram gram(rows, first, end);
    while (const auto unit = queue.next()) {
      std::vector<double> packed = gram.packed(unit->unit);
      {
        const std::lock_guard lock(mutex);
        if (mine.add_node(0, unit->unit, std::move(packed)) != LeafSums::Fit::added) {
          throw Error(ExitCode::communication, what + ": a leaf was summed twice");
        }
      }
      queue.finish(*unit);
    }
  });
  return mine;
}

/// Collective. Brings the ranks' sums of rows [first, end) together and shows them, rank by rank in turn.
void reduce_panel(comm::Communicator& world, const LeafSums& mine, std::uint64_t first, std::uint64_t end,
                  std::uint64_t most_values, const std::string& what, const GramSink& sink) {
  std::vector<std::uint64_t> rows{first};
  std::vector<std::uint64_t> cuts{0};
  while (rows.back() < end) {
    std::uint64_t stop = rows.back() + 1;
    while (stop < end && kernel::packed_size(rows.back(), stop + 1) <= most_values) ++stop;
    cuts.push_back(kernel::packed_size(first, stop));
    rows.push_back(stop);
  }
  const auto take = [&](std::uint64_t begin, std::span<const double> sums) {
    const auto piece =
        static_cast<std::size_t>(std::lower_bound(cuts.begin(), cuts.end(), begin) - cuts.begin());
    sink(rows[piece], rows[piece + 1], sums);
  };
  comm::scatter_leaves(world, mine, cuts, take, what);
}

}  // namespace

std::uint64_t least_gram_bytes(const RowSource& rows, int ranks) {
  if (rows.width() == 0) return 0;
  return panel_bytes(rows, last_tile(rows.width()), rows.width(), 1, ranks);
}

GramPlan plan_gram(const RowSource& rows, int ranks, const StatisticsLimits& limits) {
  GramPlan plan;
  const std::uint64_t width = rows.width();
  const std::uint64_t most_threads = std::max<std::uint64_t>(1, leaf_count(rows));
  plan.threads =
      static_cast<int>(std::min<std::uint64_t>(static_cast<std::uint64_t>(limits.threads), most_threads));
  const auto fits = [&](std::uint64_t first, std::uint64_t end) {
    return panel_bytes(rows, first, end, plan.threads, ranks) <= limits.buffer_bytes;
  };
  while (plan.threads > 1 && !fits(last_tile(width), width)) --plan.threads;
  plan.cuts.push_back(0);
  for (std::uint64_t first = 0; first < width;) {
    std::uint64_t end = next_cut(first, width);
    while (end < width && fits(first, next_cut(end, width))) end = next_cut(end, width);
    plan.cuts.push_back(end);
    first = end;
  }
  return plan;
}

void sum_gram(comm::Communicator& world, const RowSource& rows, const GramPlan& plan,
              const ReadOptions& options, const std::string& what, const GramSink& sink) {
  const std::uint64_t panels = plan.cuts.size() - 1;
  for (std::uint64_t p = 0; p < panels; ++p) {
    ReadOptions one = options;
    one.threads = plan.threads;
    if (options.progress) {
      one.progress = [&](const Progress& own) {
        options.progress({p * own.total_bytes + own.done_bytes, panels * own.total_bytes, own.seconds});
      };
    }
    const LeafSums mine = sum_leaves_of(world, rows, plan.cuts[p], plan.cuts[p + 1], one, what);
    reduce_panel(world, mine, plan.cuts[p], plan.cuts[p + 1],
                 exchanged_rows_values(rows.width(), world.size()), what, sink);
  }
}

}  // namespace stockpot::engine
