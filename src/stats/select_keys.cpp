#include "select_keys.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

#include "bit_cells.hpp"

namespace stockpot::stats {
namespace {

/// One wanted key on its way.
class Narrowing {
 public:
  explicit Narrowing(const WantedKey& wanted)
      : keys_(wanted.keys), bracket_(wanted.bracket), rank_(wanted.rank) {}

  [[nodiscard]] BitCells cells(std::uint64_t count) const {
    return BitCells(bracket_.low, bracket_.high, count);
  }
  [[nodiscard]] std::span<const double> keys() const { return keys_; }

  void enter(const BitCells& cells, std::span<const std::uint64_t> counts) {
    const CellOfRank place = cell_of_rank(counts, rank_);
    rank_ -= place.before;
    below_ += place.before;
    equal_ = counts[place.cell];
    bracket_ = cells.bracket(place.cell);
    done_ = bracket_.is_one_value();
    if (!done_) drop_outside();
  }

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] SelectedKey selected() const {
    return {.value = bracket_.low, .below = below_, .equal = equal_};
  }

 private:
  /// The originals stay; what is left of them is copied once it is few.
  void drop_outside() {
    const auto inside = [this](double key) {
      const KeyBits bits = bits_of(key);
      return bracket_.low <= bits && bits <= bracket_.high;
    };
    const auto left = static_cast<std::size_t>(std::count_if(keys_.begin(), keys_.end(), inside));
    if (left > keys_.size() / 4) return;
    if (copied_) {
      std::erase_if(rest_, std::not_fn(inside));
    } else {
      rest_.reserve(left);
      std::copy_if(keys_.begin(), keys_.end(), std::back_inserter(rest_), inside);
      copied_ = true;
    }
    keys_ = rest_;
  }

  std::span<const double> keys_;
  std::vector<double> rest_;
  bool copied_ = false;
  Bracket bracket_;
  std::uint64_t rank_;
  std::uint64_t below_ = 0;
  std::uint64_t equal_ = 0;
  bool done_ = false;
};

}  // namespace

std::vector<SelectedKey> select_keys(std::span<const WantedKey> wanted, std::uint64_t cells,
                                     Reducer& reducer) {
  std::vector<Narrowing> narrowings(wanted.begin(), wanted.end());
  std::vector<std::uint64_t> counts;
  counts.reserve(narrowings.size() * cells);
  for (;;) {
    counts.clear();
    for (const Narrowing& narrowing : narrowings) {
      if (narrowing.done()) continue;
      const BitCells split = narrowing.cells(cells);
      counts.resize(counts.size() + split.size());
      count_cells(split, narrowing.keys(), std::span(counts).last(split.size()));
    }
    if (counts.empty()) break;
    reducer.add(counts);
    std::span<const std::uint64_t> rest(counts);
    for (Narrowing& narrowing : narrowings) {
      if (narrowing.done()) continue;
      const BitCells split = narrowing.cells(cells);
      narrowing.enter(split, rest.first(split.size()));
      rest = rest.subspan(split.size());
    }
  }

  std::vector<SelectedKey> selected;
  for (const Narrowing& narrowing : narrowings) selected.push_back(narrowing.selected());
  return selected;
}

}  // namespace stockpot::stats
