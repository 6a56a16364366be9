#include "stockpot/comm/ordered_reduction.hpp"

#include <fmt/format.h>

#include <bit>
#include <utility>

#include "comm/fail.hpp"

namespace stockpot::comm {
namespace {

/// What each rank ships: this header, then per node its level, its index and `width` doubles as bits.
struct Header {
  std::uint64_t leaf_count = 0;
  std::uint64_t width = 0;
  std::uint64_t problem = 0;  ///< a Fit, or `ragged_run`
  std::uint64_t problem_leaf = 0;
  std::uint64_t node_count = 0;
};
constexpr std::size_t header_words = 5;
constexpr std::uint64_t ragged_run = 100;

std::string explain(std::uint64_t problem, std::uint64_t leaf, const Header& header) {
  if (problem == ragged_run) {
    return fmt::format("the run at leaf {} is no whole number of leaves of {} values", leaf, header.width);
  }
  if (problem == static_cast<std::uint64_t>(LeafSums::Fit::beyond_last_leaf)) {
    return fmt::format("leaf {} lies beyond the {} leaves there are", leaf, header.leaf_count);
  }
  return fmt::format("leaf {} is held twice", leaf);
}

std::vector<std::uint64_t> pack(const LeafSums& sum, std::uint64_t problem, std::uint64_t problem_leaf) {
  std::vector<std::uint64_t> words{sum.leaf_count(), sum.width(), problem, problem_leaf, sum.nodes().size()};
  words.reserve(header_words + sum.nodes().size() * (2 + sum.width()));
  for (const auto& [first_leaf, node] : sum.nodes()) {
    words.push_back(node.level);
    words.push_back(first_leaf >> node.level);
    for (const double value : node.values) words.push_back(std::bit_cast<std::uint64_t>(value));
  }
  return words;
}

/// The same words on every rank lead to the same sum, or the same error, on every rank.
std::vector<double> fold_words(std::span<const std::uint64_t> words, std::string_view what) {
  const Header first{words[0], words[1], 0, 0, 0};
  LeafSums sum(first.leaf_count, first.width);
  for (int rank = 0; !words.empty(); ++rank) {
    const Header header{words[0], words[1], words[2], words[3], words[4]};
    words = words.subspan(header_words);
    if (header.leaf_count != first.leaf_count || header.width != first.width) {
      fail(what, fmt::format("rank 0 sums {} leaves of {} values, rank {} sums {} of {}", first.leaf_count,
                             first.width, rank, header.leaf_count, header.width));
    }
    if (header.problem != 0) {
      fail(what, fmt::format("rank {}: {}", rank, explain(header.problem, header.problem_leaf, header)));
    }
    for (std::uint64_t n = 0; n < header.node_count; ++n) {
      std::vector<double> values(header.width);
      for (std::uint64_t i = 0; i < header.width; ++i) values[i] = std::bit_cast<double>(words[2 + i]);
      const LeafSums::Fit fit = sum.add_node(static_cast<unsigned>(words[0]), words[1], std::move(values));
      if (fit != LeafSums::Fit::added) {
        fail(what, fmt::format("rank {}: {}", rank,
                               explain(static_cast<std::uint64_t>(fit), words[1] << words[0], header)));
      }
      words = words.subspan(2 + header.width);
    }
  }
  if (const std::uint64_t missing = sum.first_missing_leaf(); missing != sum.leaf_count()) {
    fail(what, fmt::format("no rank holds leaf {} of {}", missing, sum.leaf_count()));
  }
  return sum.total();
}

}  // namespace

std::vector<double> reduce_leaves(Communicator& communicator, const LeafSums& mine, std::string_view what) {
  const std::vector<std::uint64_t> words = pack(mine, 0, 0);
  return fold_words(communicator.all_gather(std::span<const std::uint64_t>(words), what), what);
}

std::vector<double> reduce_leaves(Communicator& communicator, std::uint64_t leaf_count, std::uint64_t width,
                                  std::span<const LeafRun> runs, std::string_view what) {
  LeafSums mine(leaf_count, width);
  std::uint64_t problem = 0;
  std::uint64_t problem_leaf = 0;
  for (const LeafRun& run : runs) {
    if (run.values.size() % width != 0) {
      problem = ragged_run;
    } else {
      problem = static_cast<std::uint64_t>(mine.try_add(run.first_leaf, run.values));
    }
    if (problem != 0) {
      problem_leaf = run.first_leaf;
      break;
    }
  }
  const std::vector<std::uint64_t> words = pack(mine, problem, problem_leaf);
  return fold_words(communicator.all_gather(std::span<const std::uint64_t>(words), what), what);
}

}  // namespace stockpot::comm
