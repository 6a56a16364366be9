#include "method/solved_elements.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace stockpot::method {
namespace {

class StoredPass : public ElementPass {
 public:
  StoredPass(const std::vector<OwnElements>& stretches, const std::vector<double>& values)
      : stretches_(stretches), values_(values) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    kernel::ElementCounts counts;
    for (std::uint64_t done = 0; done < tile.count;) {
      const std::uint64_t element = tile.first + done;
      const OwnElements& stretch = *std::prev(
          std::upper_bound(stretches_.begin(), stretches_.end(), element,
                           [](std::uint64_t wanted, const OwnElements& own) { return wanted < own.first; }));
      const std::uint64_t skipped = element - stretch.first;
      const std::uint64_t count = std::min(tile.count - done, stretch.count - skipped);
      const auto* const from = reinterpret_cast<const std::byte*>(values_.data() + stretch.offset + skipped);
      counts.nonfinite +=
          kernel::convert({DType::f64, from}, kernel::skip(tile.output, done), count).nonfinite;
      done += count;
    }
    return counts;
  }

 private:
  const std::vector<OwnElements>& stretches_;
  const std::vector<double>& values_;
};

/// Bits of doubles, as reducers gather them.
std::vector<std::uint64_t> to_words(std::span<const double> values) {
  std::vector<std::uint64_t> words(values.size());
  std::transform(values.begin(), values.end(), words.begin(),
                 [](double value) { return std::bit_cast<std::uint64_t>(value); });
  return words;
}

}  // namespace

void SolvedElements::set_stretches(std::vector<OwnElements> stretches) {
  stretches_ = std::move(stretches);
  std::sort(stretches_.begin(), stretches_.end(),
            [](const OwnElements& a, const OwnElements& b) { return a.first < b.first; });
  count_ = 0;
  for (OwnElements& stretch : stretches_) {
    stretch.offset = count_;
    count_ += stretch.count;
  }
}

std::unique_ptr<ElementPass> SolvedElements::pass() const {
  return std::make_unique<StoredPass>(stretches_, values_);
}

ElementGatherer::ElementGatherer(const SolvedElements& own, stats::Reducer& reducer) : reducer_(reducer) {
  std::vector<std::uint64_t> mine;
  for (const OwnElements& stretch : own.stretches()) mine.insert(mine.end(), {stretch.first, stretch.count});
  const std::vector<std::uint64_t> all = reducer_.gather(mine);
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    everyones_.push_back({all[i], all[i + 1], offset});
    offset += all[i + 1];
  }
}

void ElementGatherer::gather(std::span<const double> own, std::span<double> whole) const {
  const std::vector<std::uint64_t> all = reducer_.gather(to_words(own));
  for (const OwnElements& stretch : everyones_) {
    for (std::uint64_t i = 0; i < stretch.count; ++i) {
      whole[stretch.first + i] = std::bit_cast<double>(all[stretch.offset + i]);
    }
  }
}

}  // namespace stockpot::method
