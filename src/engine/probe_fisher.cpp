#include "engine/probe_fisher.hpp"

#include <algorithm>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "engine/leaf_reduction.hpp"
#include "engine/sample_fisher.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/comm/ordered_reduction.hpp"
#include "stockpot/engine/sweep.hpp"
#include "stockpot/kernel/weighted_sums.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::engine {
namespace {

constexpr const char* fisher_values = "Fisher values";
constexpr std::uint64_t exchanged_elements = std::uint64_t{1} << 16;

/// Elements of a tensor, from `first` on.
struct Piece {
  const io::Statistic* statistic = nullptr;
  std::uint64_t first = 0;
};

}  // namespace

ProbeFisher::ProbeFisher(const ProbedData& probed) : probed_(probed) {
  for (const probe::NamedShape& tensor : probed.model->shape().parameters) {
    elements_ += element_count(tensor.shape).value();
  }
}

std::uint64_t ProbeFisher::leaves() const {
  return (probed_.data.examples() + fisher_leaf_examples - 1) / fisher_leaf_examples;
}

std::uint64_t ProbeFisher::worker_bytes() const {
  return 3 * elements_ * sizeof(double) + probed_.batch_bytes();
}

std::uint64_t ProbeFisher::shared_bytes(int ranks, int threads) const {
  return most_held_nodes(leaves(), threads) * elements_ * sizeof(double) +
         exchange_bytes(leaves(), threads, ranks, std::min(elements_, exchanged_elements));
}

std::uint64_t ProbeFisher::least_bytes(int ranks) const {
  return worker_bytes() + shared_bytes(ranks, 1);
}

std::uint64_t ProbeFisher::work_bytes() const {
  return probed_.data.examples() * elements_ * sizeof(double);
}

std::vector<double> ProbeFisher::leaf_squares(std::uint64_t leaf) const {
  const std::uint64_t first = leaf * fisher_leaf_examples;
  probe::Parameters sums;
  probed_.for_each_batch(
      first, std::min(fisher_leaf_examples, probed_.data.examples() - first),
      [&](const probe::Batch& batch) { probed_.model->add_squared_gradients(batch, probed_.labels, sums); });
  std::vector<double> squares;
  squares.reserve(static_cast<std::size_t>(elements_));
  for (const probe::NamedTensor& tensor : sums) {
    squares.insert(squares.end(), tensor.values.begin(), tensor.values.end());
  }
  return squares;
}

void ProbeFisher::write(comm::Communicator& world, const io::StatisticsWriter& writer,
                        const StatisticsLimits& limits, StepProgress& progress) const {
  const int threads = limits.threads_that_fit(worker_bytes(), shared_bytes(world.size(), limits.threads));
  LeafSums mine(leaves(), elements_);
  std::mutex mutex;
  const std::uint64_t leaf_bytes = fisher_leaf_examples * elements_ * sizeof(double);
  const std::vector<SweepItem> items{{work_bytes(), leaf_bytes}};
  UnitQueue queue(items, world.rank(), world.size());
  const ReadOptions options = progress.next(work_bytes(), threads);
  run_sweep(world, queue, options, fisher_values, [&] {
    while (const auto unit = queue.next()) {
      std::vector<double> squares = leaf_squares(unit->unit);
      {
        const std::lock_guard lock(mutex);
        if (mine.add_node(0, unit->unit, std::move(squares)) != LeafSums::Fit::added) {
          throw Error(ExitCode::communication, std::string(fisher_values) + ": a leaf was summed twice");
        }
      }
      queue.finish(*unit);
    }
  });

  std::vector<Piece> pieces;
  std::vector<std::uint64_t> cuts{0};
  for (const probe::NamedShape& tensor : probed_.model->shape().parameters) {
    const std::uint64_t elements = element_count(tensor.shape).value();
    for (std::uint64_t first = 0; first < elements; first += exchanged_elements) {
      pieces.push_back({writer.file().find(io::StatisticKind::fisher, tensor.name), first});
      cuts.push_back(cuts.back() + std::min(exchanged_elements, elements - first));
    }
  }
  const auto take = [&](std::uint64_t begin, std::span<const double> sums) {
    const auto at = std::lower_bound(cuts.begin(), cuts.end(), begin) - cuts.begin();
    const Piece& piece = pieces[static_cast<std::size_t>(at)];
    std::vector<double> mean(sums.begin(), sums.end());
    kernel::divide(mean, static_cast<double>(probed_.data.examples()));
    writer.write_block(*piece.statistic, piece.first, mean);
  };
  comm::scatter_leaves(world, mine, cuts, take, fisher_values);
}

}  // namespace stockpot::engine
