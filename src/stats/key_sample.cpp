#include "key_sample.hpp"

#include <algorithm>
#include <cmath>

#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::stats {
namespace {

constexpr std::uint64_t fewest_keys_of_leaf = 16;      // of a whole one
constexpr std::uint64_t fewest_keys_kept_of_leaf = 4;  // on average, or the rest is not kept

}  // namespace

KeySample::KeySample(std::uint64_t elements, std::uint64_t leaves_apart, std::uint64_t most_keys)
    : most_keys_(most_keys) {
  const std::uint64_t expected = elements / leaves_apart;
  const std::uint64_t target = std::max<std::uint64_t>(most_keys / 4 * 3, 1);  // leaves may be uneven
  const std::uint64_t thinning = expected / target + 1;
  key_stride_ = std::min(thinning, leaf_elements / fewest_keys_of_leaf);
  if (key_stride_ % 2 == 0) ++key_stride_;  // rows have even lengths; a stride should meet all columns
  leaf_stride_ = (thinning + key_stride_ - 1) / key_stride_;
  keys_.reserve(std::min(most_keys, expected + leaf_elements));
}

void KeySample::take(std::uint64_t first_position, std::span<const double> keys) {
  const std::lock_guard lock(mutex_);
  for (; !keys.empty(); keys = keys.subspan(std::min<std::size_t>(keys.size(), leaf_elements))) {
    const auto leaf = keys.first(std::min<std::size_t>(keys.size(), leaf_elements));
    if (leaves_shown_++ % leaf_stride_ == 0) keep(first_position, leaf);
    first_position += leaf.size();
  }
}

void KeySample::keep(std::uint64_t position, std::span<const double> leaf) {
  if (leaves_.size() >= most_keys_ / fewest_keys_kept_of_leaf) return;
  const std::size_t before = keys_.size();
  const std::uint64_t phase = leaves_shown_ % key_stride_;
  for (std::uint64_t i = phase; i < leaf.size() && keys_.size() < most_keys_; i += key_stride_) {
    keys_.push_back(std::isnan(leaf[i]) ? key_of(infinity_bits) : leaf[i]);
  }
  if (keys_.size() == before) return;
  leaves_.push_back({.position = position,
                     .first_key = static_cast<std::uint32_t>(before),
                     .keys = static_cast<std::uint32_t>(keys_.size() - before)});
}

double KeySample::variance(KeyBits value, KeyShares shares) const {
  std::vector<Leaf> leaves = leaves_;
  std::sort(leaves.begin(), leaves.end(),
            [](const Leaf& a, const Leaf& b) { return a.position < b.position; });
  struct Excess {  // of keys in one leaf over what the shares let expect
    double below = 0.0;
    double up_to = 0.0;
  };
  Excess previous;
  double variance_below = 0.0;
  double variance_up_to = 0.0;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    Excess excess;
    for (const double key : keys().subspan(leaves[i].first_key, leaves[i].keys)) {
      excess.below += bits_of(key) < value ? 1.0 : 0.0;
      excess.up_to += bits_of(key) <= value ? 1.0 : 0.0;
    }
    excess.below -= shares.below * leaves[i].keys;
    excess.up_to -= shares.up_to * leaves[i].keys;
    // A first leaf has no neighbour: its excess itself, doubled as a difference of two would be.
    const double factor = i == 0 ? 1.0 : 0.5;
    variance_below += factor * std::pow(excess.below - previous.below, 2);
    variance_up_to += factor * std::pow(excess.up_to - previous.up_to, 2);
    previous = excess;
  }
  return std::max(variance_below, variance_up_to);
}

}  // namespace stockpot::stats
