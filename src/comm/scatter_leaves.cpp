#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "comm/fail.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/ordered_reduction.hpp"

namespace stockpot::comm {
namespace {

constexpr int piece_tag = 91;

struct Place {
  unsigned level = 0;
  std::uint64_t index = 0;
};
/// By rank, the subtrees that it holds, in their order.
using Places = std::vector<std::vector<Place>>;

/// Collective. The same on every rank, or the same error: every leaf is held once.
Places gather_places(Communicator& communicator, const LeafSums& mine, std::string_view what) {
  std::vector<std::uint64_t> words{mine.leaf_count(), mine.width(), mine.nodes().size()};
  for (const auto& [first_leaf, node] : mine.nodes()) {
    words.push_back(node.level);
    words.push_back(first_leaf >> node.level);
  }
  const std::vector<std::uint64_t> all = communicator.all_gather(std::span<const std::uint64_t>(words), what);
  LeafSums tree(all[0], 1);
  Places places(static_cast<std::size_t>(communicator.size()));
  auto word = all.begin();
  for (std::vector<Place>& of_rank : places) {
    if (word[0] != all[0] || word[1] != all[1]) fail(what, "the ranks sum different leaves");
    std::uint64_t nodes = word[2];
    for (word += 3; nodes > 0; --nodes, word += 2) {
      of_rank.push_back({static_cast<unsigned>(word[0]), word[1]});
      if (tree.add_node(of_rank.back().level, word[1], {0.0}) != LeafSums::Fit::added) {
        fail(what, fmt::format("leaf {} is held twice", word[1] << of_rank.back().level));
      }
    }
  }
  if (const std::uint64_t missing = tree.first_missing_leaf(); missing != tree.leaf_count()) {
    fail(what, fmt::format("no rank holds leaf {} of {}", missing, tree.leaf_count()));
  }
  return places;
}

/// Values [first, end) of every subtree held, one after the other.
std::vector<double> values_between(const LeafSums& sums, std::uint64_t first, std::uint64_t end) {
  std::vector<double> values;
  values.reserve(sums.nodes().size() * (end - first));
  for (const auto& [leaf, node] : sums.nodes()) {
    values.insert(values.end(), node.values.begin() + static_cast<std::ptrdiff_t>(first),
                  node.values.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return values;
}

/// One piece of each rank at a time.
class PieceRound {
 public:
  PieceRound(Communicator& communicator, const LeafSums& mine, const Places& places, std::string_view what)
      : communicator_(communicator), mine_(mine), places_(places), what_(what) {}

  /// Starts to receive the subtrees of this rank's piece, values [first, end).
  void receive(std::uint64_t first, std::uint64_t end) {
    received_.resize(places_.size());
    for (int rank = 0; rank < communicator_.size(); ++rank) {
      std::vector<double>& values = received_[static_cast<std::size_t>(rank)];
      if (rank == communicator_.rank()) {
        values = values_between(mine_, first, end);
        continue;
      }
      values.resize(places_[static_cast<std::size_t>(rank)].size() * (end - first));
      if (values.empty()) continue;
      const auto bytes = std::as_writable_bytes(std::span(values));
      receiving_.push_back(communicator_.start_receive(bytes, rank, piece_tag, what_));
    }
  }
  void send(int owner, std::uint64_t first, std::uint64_t end) {
    const std::vector<double>& values = sent_.emplace_back(values_between(mine_, first, end));
    if (values.empty()) return;
    const auto bytes = std::as_bytes(std::span(values));
    sending_.push_back(communicator_.start_send(bytes, owner, piece_tag, what_));
  }
  /// The piece's sum, once every subtree is here.
  std::vector<double> sum(std::uint64_t width) {
    for (const auto& transfer : receiving_) transfer->wait();
    LeafSums total(mine_.leaf_count(), width);
    for (std::size_t rank = 0; rank < places_.size(); ++rank) {
      auto values = received_[rank].begin();
      for (const Place& place : places_[rank]) {
        const auto end = values + static_cast<std::ptrdiff_t>(width);
        static_cast<void>(
            total.add_node(place.level, place.index, {values, end}));  // the places were checked
        values = end;
      }
    }
    return total.total();
  }
  void finish() {
    for (const auto& transfer : sending_) transfer->wait();
  }

 private:
  Communicator& communicator_;
  const LeafSums& mine_;
  const Places& places_;
  std::string_view what_;
  std::vector<std::vector<double>> received_;
  std::vector<std::vector<double>> sent_;  ///< by owner; moving them leaves their values where they are
  std::vector<std::unique_ptr<PendingTransfer>> receiving_;
  std::vector<std::unique_ptr<PendingTransfer>> sending_;
};

}  // namespace

void scatter_leaves(Communicator& communicator, const LeafSums& mine, std::span<const std::uint64_t> cuts,
                    const PieceTaker& take, std::string_view what) {
  const Places places = gather_places(communicator, mine, what);
  const std::size_t pieces = cuts.empty() ? 0 : cuts.size() - 1;
  const auto ranks = static_cast<std::size_t>(communicator.size());
  const auto me = static_cast<std::size_t>(communicator.rank());
  std::exception_ptr failure;
  for (std::size_t begin = 0; begin < pieces; begin += ranks) {
    PieceRound round(communicator, mine, places, what);
    const std::size_t own = begin + me;
    if (own < pieces) round.receive(cuts[own], cuts[own + 1]);
    for (std::size_t owner = 0; owner < ranks && begin + owner < pieces; ++owner) {
      if (owner == me) continue;
      round.send(static_cast<int>(owner), cuts[begin + owner], cuts[begin + owner + 1]);
    }
    if (own < pieces) {
      const std::vector<double> sums = round.sum(cuts[own + 1] - cuts[own]);
      try {
        if (!failure) take(cuts[own], sums);
      } catch (...) {
        failure = std::current_exception();
      }
    }
    round.finish();
  }
  agree(communicator, failure, what);
}

}  // namespace stockpot::comm
