#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace stockpot::reproduce {

/// What an image is used for, the same in every domain.
enum class Split : std::uint8_t {
  pretraining,  ///< of the anchor
  training,     ///< of fine-tuned models, and their statistics
  validation,   ///< chooses hyperparameters
  test,         ///< what tables report
};
inline constexpr std::array<Split, 4> all_splits{Split::pretraining, Split::training, Split::validation,
                                                 Split::test};
std::string_view name(Split split);

/// Indices into `digits()`, ascending; every image is in exactly one split.
class Splits {
 public:
  /// A random cut, keyed by the seed alone.
  explicit Splits(std::uint64_t seed);

  [[nodiscard]] const std::vector<std::size_t>& images(Split split) const {
    return images_[static_cast<std::size_t>(split)];
  }

 private:
  std::array<std::vector<std::size_t>, all_splits.size()> images_;
};

}  // namespace stockpot::reproduce
