#include <fmt/format.h>

#include "selection_rounds.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::stats {
namespace {

/// The keys strictly between the ends. @pre there are any
Bracket inside_of(Bracket bracket) {
  return {.low = bracket.low + 1, .high = bracket.high - 1};
}

constexpr std::size_t numbers_of_counts = 6;

}  // namespace

void Selection::Rounds::end_everything(Reducer& reducer) {
  std::vector<Progress*> reading;
  for (Progress& progress : progress_) {
    if (progress.counter) reading.push_back(&progress);
  }
  const std::vector<BracketCounts> counts = add_counts(reading, reducer);

  std::vector<Resolved> resolved;
  std::vector<Between> kept;
  std::vector<Between> overflowed;
  for (std::size_t i = 0; i < reading.size(); ++i) {
    Progress& progress = *reading[i];
    const BracketCounts& count = counts[i];
    const Bracket ends = progress.bracket;
    const std::uint64_t rank = progress.query.rank;
    const std::uint64_t up_to_low = count.below + count.at_low;
    const std::uint64_t below_high = up_to_low + count.between;
    if (rank < count.below) {
      progress.bracket = progress.limits = {.low = progress.limits.low, .high = ends.low - 1};
    } else if (rank < up_to_low) {
      resolved.push_back({&progress, {.value = ends.low, .below = count.below, .equal = count.at_low}});
    } else if (rank < below_high) {
      (count.overflows == 0 ? kept : overflowed).push_back({&progress, up_to_low});
    } else if (rank < below_high + count.at_high) {
      resolved.push_back({&progress, {.value = ends.high, .below = below_high, .equal = count.at_high}});
    } else if (ends.high != infinity_bits) {
      progress.bracket = progress.limits = {.low = ends.high + 1, .high = progress.limits.high};
    } else {
      throw Error(ExitCode::input, fmt::format("key {} of {} in ascending order was asked for, but it is NaN",
                                               rank, elements_));
    }
    if (progress.bracket.low > progress.bracket.high) throw_keys_changed();
  }

  const std::vector<Resolved> selected = select_between(kept, limits_.cells, reducer);
  resolved.insert(resolved.end(), selected.begin(), selected.end());
  split_between(overflowed, reducer);
  finish(resolved, reducer);
  for (Progress* progress : reading) progress->counter.reset();
  if (resolved.size() == reading.size()) {
    next_ = Reading::nothing;
  } else {
    read_everything();
  }
}

std::vector<BracketCounts> Selection::Rounds::add_counts(std::span<Progress* const> reading,
                                                         Reducer& reducer) const {
  std::vector<std::uint64_t> numbers;
  for (const Progress* progress : reading) {
    const BracketCounts& mine = progress->counter->counts();
    numbers.insert(numbers.end(),
                   {mine.seen, mine.below, mine.at_low, mine.between, mine.at_high, mine.overflows});
  }
  reducer.add(numbers);
  std::vector<BracketCounts> counts;
  for (std::size_t i = 0; i < numbers.size(); i += numbers_of_counts) {
    counts.push_back({.seen = numbers[i],
                      .below = numbers[i + 1],
                      .at_low = numbers[i + 2],
                      .between = numbers[i + 3],
                      .at_high = numbers[i + 4],
                      .overflows = numbers[i + 5]});
    if (counts.back().seen != elements_) {
      throw Error(ExitCode::communication,
                  fmt::format("a selection among {} keys was shown {}", elements_, counts.back().seen));
    }
  }
  return counts;
}

std::vector<Selection::Rounds::Resolved> Selection::Rounds::select_between(std::span<const Between> between,
                                                                           std::uint64_t cells,
                                                                           Reducer& reducer) {
  std::vector<WantedKey> wanted;
  for (const auto& [progress, up_to_low] : between) {
    wanted.push_back({.keys = progress->counter->keys(),
                      .bracket = inside_of(progress->bracket),
                      .rank = progress->query.rank - up_to_low});
  }
  const std::vector<SelectedKey> selected = select_keys(wanted, cells, reducer);
  std::vector<Resolved> resolved;
  for (std::size_t i = 0; i < selected.size(); ++i) {
    resolved.push_back({between[i].progress, selected[i]});
    resolved.back().key.below += between[i].up_to_low;
  }
  return resolved;
}

void Selection::Rounds::split_between(std::span<const Between> between, Reducer& reducer) {
  if (between.empty()) return;
  std::vector<std::uint64_t> counts;
  for (const auto& [progress, up_to_low] : between) {
    const std::vector<std::uint64_t> mine = progress->counter->cell_counts();
    counts.insert(counts.end(), mine.begin(), mine.end());
  }
  reducer.add(counts);
  std::span<const std::uint64_t> rest(counts);
  for (const auto& [progress, up_to_low] : between) {
    const BitCells cells = progress->counter->cells();
    const CellOfRank place = cell_of_rank(rest.first(cells.size()), progress->query.rank - up_to_low);
    progress->bracket = progress->limits = cells.bracket(place.cell);
    rest = rest.subspan(cells.size());
  }
}

void Selection::Rounds::finish(std::span<const Resolved> resolved, Reducer& reducer) const {
  if (resolved.empty()) return;
  std::vector<std::uint64_t> ties;
  ties.reserve(resolved.size() * limits_.segments);
  for (const auto& [progress, key] : resolved) {
    progress->found = Found{.value = key_of(key.value), .below = key.below, .equal = key.equal};
    progress->segment_ties = progress->counter->ties(key.value);
    progress->counter.reset();
    ties.insert(ties.end(), progress->segment_ties.begin(), progress->segment_ties.end());
  }
  reducer.add(ties);
  std::span<const std::uint64_t> rest(ties);
  for (const auto& [progress, key] : resolved) {
    const auto mine = rest.first(limits_.segments);
    progress->segment_ties.assign(mine.begin(), mine.end());
    rest = rest.subspan(limits_.segments);
  }
}

}  // namespace stockpot::stats
