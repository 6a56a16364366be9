#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stockpot::reproduce {

inline constexpr std::size_t image_side = 8;
inline constexpr std::size_t image_pixels = image_side * image_side;
inline constexpr std::size_t digit_classes = 10;

/// Row by row from the top left, each pixel in [0, 1].
using Image = std::array<double, image_pixels>;

struct Digit {
  Image image{};
  std::int64_t label = 0;
};

/// The 1797 images of data/digits.txt, in their order. Throws Error{input} for a line of another form.
const std::vector<Digit>& digits();

}  // namespace stockpot::reproduce
