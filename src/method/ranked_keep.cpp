#include "method/ranked_keep.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "stockpot/kernel/selection.hpp"

namespace stockpot::method {

RowLayout rows_along_axis_1(const TensorContext& tensor) {
  if (tensor.shape.size() < 2) return {std::max<std::uint64_t>(1, tensor.elements), 1};
  const std::uint64_t stride =
      std::accumulate(tensor.shape.begin() + 2, tensor.shape.end(), std::uint64_t{1}, std::multiplies<>());
  return {std::max<std::uint64_t>(1, tensor.shape[1]), std::max<std::uint64_t>(1, stride)};
}

RankedKeep::RankedKeep(const TensorContext& tensor, std::size_t model, double density, double epsilon)
    : key_(kernel::random_key(tensor.seed, tensor.model_names[model], tensor.name)),
      layout_(rows_along_axis_1(tensor)),
      probabilities_(layout_.length, density) {
  const double last = static_cast<double>(layout_.length) - 1.0;
  if (layout_.length > 1) {
    for (std::uint64_t rank = 0; rank < layout_.length; ++rank) {
      probabilities_[rank] = (density - epsilon) + static_cast<double>(rank) / last * (2.0 * epsilon);
    }
  }
  for (const double probability : probabilities_) thresholds_.push_back(kernel::keep_threshold(probability));
}

void RankedKeep::rank(kernel::TypedInput input, kernel::TypedInput anchor, std::uint64_t count,
                      Scratch& scratch) const {
  scratch.ranks.assign(count, 0);
  if (layout_.length == 1) return;
  scratch.magnitudes.resize(count);
  kernel::magnitudes(input, anchor, count, scratch.magnitudes.data());
  const std::span<const double> magnitudes(scratch.magnitudes);
  const std::span<std::uint32_t> ranks(scratch.ranks);
  if (layout_.stride == 1) {
    for (std::uint64_t row = 0; row < count; row += layout_.length) {
      scratch.ranker.rank(magnitudes.subspan(row, layout_.length), ranks.subspan(row, layout_.length));
    }
    return;
  }
  scratch.row.resize(layout_.length);
  scratch.row_ranks.resize(layout_.length);
  for (std::uint64_t slab = 0; slab < count; slab += layout_.slab()) {
    for (std::uint64_t first = slab; first < slab + layout_.stride; ++first) {
      for (std::uint64_t i = 0; i < layout_.length; ++i) {
        scratch.row[i] = magnitudes[first + i * layout_.stride];
      }
      scratch.ranker.rank(scratch.row, scratch.row_ranks);
      for (std::uint64_t i = 0; i < layout_.length; ++i) {
        ranks[first + i * layout_.stride] = scratch.row_ranks[i];
      }
    }
  }
}

void RankedKeep::fill(kernel::TypedInput input, kernel::TypedInput anchor, std::uint64_t first,
                      std::uint64_t count, std::uint64_t* bits, double* probabilities,
                      Scratch& scratch) const {
  rank(input, anchor, count, scratch);
  scratch.words.resize(count);
  kernel::random_words(key_, first, scratch.words);
  std::fill_n(bits, (count + 63) / 64, std::uint64_t{0});
  for (std::uint64_t e = 0; e < count; ++e) {
    const bool stays = scratch.words[e] < thresholds_[scratch.ranks[e]];
    bits[e / 64] |= static_cast<std::uint64_t>(stays) << (e % 64);
  }
  if (probabilities == nullptr) return;
  for (std::uint64_t e = 0; e < count; ++e) probabilities[e] = probabilities_[scratch.ranks[e]];
}

}  // namespace stockpot::method
