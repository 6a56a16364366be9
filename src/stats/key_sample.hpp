#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "key_bits.hpp"

namespace stockpot::stats {

/// The share of a stream's keys below some value and up to it.
struct KeyShares {
  double below = 0.0;
  double up_to = 0.0;
};

/// One rank's sample of a stream: keys of whole leaves, thinned evenly so that about so many are kept as fit.
/// Keys of one leaf are alike, so it remembers which came together.
class KeySample {
 public:
  /// `elements` of the stream, of which one leaf in `leaves_apart` will be shown to some rank; `most_keys`
  /// are kept on all ranks together, and never more on one.
  KeySample(std::uint64_t elements, std::uint64_t leaves_apart, std::uint64_t most_keys);

  /// Thread safe. NaN counts as infinity.
  void take(std::uint64_t first_position, std::span<const double> keys);

  [[nodiscard]] std::span<const double> keys() const { return keys_; }
  /// This rank's part of the variance of "how many sampled keys are below (or up to) `value`" when their
  /// expected shares are known: from differences between neighbouring leaves, because a sample at even
  /// distances does not suffer from what changes slowly along the scope. The larger of the two.
  [[nodiscard]] double variance(KeyBits value, KeyShares shares) const;

 private:
  struct Leaf {
    std::uint64_t position = 0;
    std::uint32_t first_key = 0;
    std::uint32_t keys = 0;
  };

  void keep(std::uint64_t position, std::span<const double> leaf);

  std::uint64_t most_keys_;
  std::uint64_t key_stride_ = 1;   ///< within a leaf
  std::uint64_t leaf_stride_ = 1;  ///< of the leaves shown
  std::mutex mutex_;               ///< guards all below while takes run
  std::uint64_t leaves_shown_ = 0;
  std::vector<double> keys_;
  std::vector<Leaf> leaves_;
};

}  // namespace stockpot::stats
