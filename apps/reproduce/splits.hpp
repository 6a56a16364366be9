#pragma once

#include <array>
#include <cstddef>
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

/// How many images each split has; the test split takes the rest.
struct SplitSizes {
  std::size_t pretraining = 0;
  std::size_t training = 0;
  std::size_t validation = 0;
};
inline constexpr SplitSizes compositional_sizes{.pretraining = 500, .training = 600, .validation = 300};

/// Indices into `digits()`, ascending; every image is in exactly one split.
class Splits {
 public:
  /// A random cut, keyed by the seed alone. @pre the sizes leave something for the test split
  explicit Splits(std::uint64_t seed, const SplitSizes& sizes = compositional_sizes);

  [[nodiscard]] const std::vector<std::size_t>& images(Split split) const {
    return images_[static_cast<std::size_t>(split)];
  }

 private:
  std::array<std::vector<std::size_t>, all_splits.size()> images_;
};

}  // namespace stockpot::reproduce
