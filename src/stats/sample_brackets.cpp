#include "sample_brackets.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "select_keys.hpp"

namespace stockpot::stats {
namespace {

constexpr double wide_deviations = 5.0;
constexpr double narrow_deviations = 2.5;

/// How many keys were sampled.
struct SampleSize {
  std::uint64_t total = 0;
  std::uint64_t of_largest_rank = 0;
};

std::vector<SampleSize> sample_sizes(std::span<const std::unique_ptr<KeySample>> samples, Reducer& reducer) {
  std::vector<std::uint64_t> mine;
  for (const auto& sample : samples) mine.push_back(sample->keys().size());
  const std::vector<std::uint64_t> all = reducer.gather(mine);
  std::vector<SampleSize> sizes(samples.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    SampleSize& size = sizes[i % samples.size()];
    size.total += all[i];
    size.of_largest_rank = std::max(size.of_largest_rank, all[i]);
  }
  return sizes;
}

/// Sums over the ranks in their order.
std::vector<double> add_over_ranks(std::span<const double> mine, Reducer& reducer) {
  std::vector<std::uint64_t> bits;
  for (const double value : mine) bits.push_back(std::bit_cast<std::uint64_t>(value));
  const std::vector<std::uint64_t> all = reducer.gather(bits);
  std::vector<double> sums(mine.size());
  for (std::size_t i = 0; i < all.size(); ++i) sums[i % sums.size()] += std::bit_cast<double>(all[i]);
  return sums;
}

/// Deviations to allow on each side, so that what a rank must keep fits if it can.
double deviations(double deviation, SampleSize size, std::uint64_t elements, std::uint64_t kept_keys) {
  const double scale = static_cast<double>(elements) / static_cast<double>(size.total);
  const double rank_share = static_cast<double>(size.of_largest_rank) / static_cast<double>(size.total);
  const double keys_per_deviation = 2.0 * deviation * scale * rank_share;
  const double fitting = 0.8 * static_cast<double>(kept_keys) / keys_per_deviation;
  return fitting < narrow_deviations ? wide_deviations : std::min(fitting, wide_deviations);
}

}  // namespace

std::vector<Bracket> sample_brackets(std::span<const std::unique_ptr<KeySample>> samples,
                                     std::span<const Query> queries, std::uint64_t elements,
                                     const SelectionLimits& limits, Reducer& reducer) {
  const std::vector<SampleSize> sizes = sample_sizes(samples, reducer);
  std::vector<Query> sampled;
  std::vector<std::size_t> bracket_of;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (sizes[queries[i].stream].total == 0) continue;
    sampled.push_back(queries[i]);
    bracket_of.push_back(i);
  }

  std::vector<double> expected_ranks;  // in the sample
  std::vector<WantedKey> wanted;
  for (const Query& query : sampled) {
    const auto total = static_cast<double>(sizes[query.stream].total);
    expected_ranks.push_back((static_cast<double>(query.rank) + 0.5) / static_cast<double>(elements) * total);
    const auto rank =
        std::min(static_cast<std::uint64_t>(expected_ranks.back()), sizes[query.stream].total - 1);
    wanted.push_back({.keys = samples[query.stream]->keys(), .bracket = {}, .rank = rank});
  }
  const std::vector<SelectedKey> middles = select_keys(wanted, limits.cells, reducer);

  std::vector<double> variances;
  for (std::size_t i = 0; i < sampled.size(); ++i) {
    const auto total = static_cast<double>(sizes[sampled[i].stream].total);
    const SelectedKey& middle = middles[i];
    const KeyShares shares{.below = static_cast<double>(middle.below) / total,
                           .up_to = static_cast<double>(middle.below + middle.equal) / total};
    variances.push_back(samples[sampled[i].stream]->variance(middle.value, shares));
  }
  variances = add_over_ranks(variances, reducer);

  // Three keys more, because a deviation seen in few leaves may be 0; where a margin leaves the sample the
  // bracket ends as all keys do.
  std::vector<Bracket> brackets(queries.size());
  std::vector<WantedKey> ends;
  std::vector<KeyBits*> end_of;
  for (std::size_t i = 0; i < sampled.size(); ++i) {
    const SampleSize& size = sizes[sampled[i].stream];
    const double deviation = std::sqrt(variances[i]);
    const double margin = 3.0 + deviation * deviations(deviation, size, elements, limits.kept_keys);
    const double low = expected_ranks[i] - margin;
    const double high = expected_ranks[i] + margin;
    Bracket& bracket = brackets[bracket_of[i]];
    WantedKey end = wanted[i];
    if (low >= 0.0) {
      end.rank = static_cast<std::uint64_t>(low);
      ends.push_back(end);
      end_of.push_back(&bracket.low);
    }
    if (high < static_cast<double>(size.total)) {
      end.rank = static_cast<std::uint64_t>(high);
      ends.push_back(end);
      end_of.push_back(&bracket.high);
    }
  }
  const std::vector<SelectedKey> found = select_keys(ends, limits.cells, reducer);
  for (std::size_t i = 0; i < found.size(); ++i) *end_of[i] = found[i].value;
  return brackets;
}

}  // namespace stockpot::stats
