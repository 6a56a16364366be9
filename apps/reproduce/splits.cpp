#include "splits.hpp"

#include <algorithm>

#include "digits.hpp"
#include "random_stream.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::array<std::string_view, all_splits.size()> names{"pretraining", "training", "validation",
                                                                "test"};
}  // namespace

std::string_view name(Split split) {
  return names[static_cast<std::size_t>(split)];
}

Splits::Splits(std::uint64_t seed, const SplitSizes& sizes) {
  const std::vector<std::size_t> order = RandomStream(seed, "splits").permutation(digits().size());
  auto first = order.begin();
  const std::array counts{sizes.pretraining, sizes.training, sizes.validation};
  for (std::size_t s = 0; s < counts.size(); ++s) {
    const auto end = first + static_cast<std::ptrdiff_t>(counts[s]);
    images_[s].assign(first, end);
    first = end;
  }
  images_.back().assign(first, order.end());
  for (std::vector<std::size_t>& images : images_) std::sort(images.begin(), images.end());
}

}  // namespace stockpot::reproduce
