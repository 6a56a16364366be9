#include "stockpot/stats/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sample_brackets.hpp"
#include "selection_rounds.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::stats {
namespace {

/// Scopes up to this size are kept whole rather than sampled.
constexpr std::uint64_t unsampled_elements = std::uint64_t{1} << 18;
/// What Reading::sample promises.
constexpr std::uint64_t leaves_apart = 64;

}  // namespace

Selection::Rounds::Rounds(std::uint64_t elements, std::size_t streams, std::span<const Query> queries,
                          std::uint64_t memory_bytes)
    : elements_(elements),
      limits_(elements, std::max(memory_bytes / std::max<std::uint64_t>({streams, queries.size(), 1}),
                                 least_bytes_per_query)) {
  for (const Query& query : queries) {
    if (query.stream >= streams || query.rank >= elements) {
      throw Error(ExitCode::usage,
                  fmt::format("key {} of stream {} was asked for among {} keys of {} streams", query.rank,
                              query.stream, elements, streams));
    }
    Progress& progress = progress_.emplace_back();
    progress.query = query;
    progress.bound = elements;
  }
  if (queries.empty()) return;
  if (elements <= unsampled_elements) {
    read_everything();
    return;
  }
  next_ = Reading::sample;
  for (std::size_t stream = 0; stream < streams; ++stream) {
    samples_.push_back(std::make_unique<KeySample>(elements, leaves_apart, limits_.sample_keys));
  }
}

void Selection::Rounds::read_everything() {
  next_ = Reading::everything;
  for (Progress& progress : progress_) {
    if (!progress.found) progress.counter = std::make_unique<BracketCounter>(progress.bracket, limits_);
  }
}

std::vector<PositionRange> Selection::Rounds::ranges() const {
  std::vector<PositionRange> searched;
  for (const Progress& progress : progress_) {
    if (progress.search) searched.push_back(progress.search->range());
  }
  return disjoint_pieces(std::move(searched), leaf_elements);
}

void Selection::Rounds::take(std::size_t stream, std::uint64_t first_position, std::span<const double> keys) {
  if (next_ == Reading::sample) samples_.at(stream)->take(first_position, keys);
  for (Progress& progress : progress_) {
    if (progress.query.stream != stream) continue;
    if (progress.counter) progress.counter->take(first_position, keys);
    if (progress.search) progress.search->take(first_position, keys);
  }
}

void Selection::Rounds::end_round(Reducer& reducer) {
  switch (next_) {
    case Reading::nothing:
    case Reading::matrices:  // never asked for
      break;
    case Reading::sample:
      end_sample(reducer);
      break;
    case Reading::everything:
      end_everything(reducer);
      break;
    case Reading::ranges:
      end_ranges(reducer);
      break;
  }
}

void Selection::Rounds::end_sample(Reducer& reducer) {
  std::vector<Query> queries;
  for (const Progress& progress : progress_) queries.push_back(progress.query);
  const std::vector<Bracket> brackets = sample_brackets(samples_, queries, elements_, limits_, reducer);
  for (std::size_t i = 0; i < brackets.size(); ++i) progress_[i].bracket = brackets[i];
  samples_.clear();
  read_everything();
}

void Selection::Rounds::keep_lowest(std::size_t query, std::uint64_t count) {
  Progress& progress = progress_.at(query);
  const Found& found = progress.found.value();
  progress.search.reset();
  progress.bound = count == 0 ? 0 : elements_;
  if (count > 0 && count < found.equal) {
    const CellOfRank segment = cell_of_rank(progress.segment_ties, count - 1);
    const std::uint64_t first = segment.cell * limits_.segment_elements;
    const PositionRange range{.first = first, .count = std::min(limits_.segment_elements, elements_ - first)};
    progress.search =
        std::make_unique<TieSearch>(found.value, range, count - 1 - segment.before, limits_.searched_cells);
  }
  settle_searches();
}

void Selection::Rounds::settle_searches() {
  next_ = Reading::nothing;
  for (Progress& progress : progress_) {
    if (!progress.search) continue;
    if (progress.search->done()) {
      progress.bound = progress.search->range().first + 1;
      progress.search.reset();
    } else {
      next_ = Reading::ranges;
    }
  }
}

void Selection::Rounds::end_ranges(Reducer& reducer) {
  std::vector<std::uint64_t> counts;
  for (const Progress& progress : progress_) {
    if (!progress.search) continue;
    const auto mine = progress.search->counts();
    counts.insert(counts.end(), mine.begin(), mine.end());
  }
  reducer.add(counts);
  std::span<const std::uint64_t> rest(counts);
  for (Progress& progress : progress_) {
    if (!progress.search) continue;
    const std::size_t cells = progress.search->counts().size();
    progress.search->enter(rest.first(cells));
    rest = rest.subspan(cells);
  }
  settle_searches();
}

Selection::Selection(std::uint64_t elements, std::size_t streams, std::vector<Query> queries,
                     std::uint64_t memory_bytes)
    : rounds_(std::make_unique<Rounds>(elements, streams, queries, memory_bytes)) {}
Selection::~Selection() = default;

Reading Selection::next() const {
  return rounds_->next();
}
std::vector<PositionRange> Selection::ranges() const {
  return rounds_->ranges();
}
void Selection::take(std::size_t stream, std::uint64_t first_position, std::span<const double> keys) {
  rounds_->take(stream, first_position, keys);
}
void Selection::end_round(Reducer& reducer) {
  rounds_->end_round(reducer);
}
const Found& Selection::found(std::size_t query) const {
  return rounds_->found(query);
}
void Selection::keep_lowest(std::size_t query, std::uint64_t count) {
  rounds_->keep_lowest(query, count);
}
std::uint64_t Selection::bound(std::size_t query) const {
  return rounds_->bound(query);
}

}  // namespace stockpot::stats
