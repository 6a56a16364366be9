#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "digits.hpp"
#include "random_stream.hpp"

namespace stockpot::reproduce {

/// What happens to images outside the distribution that models were trained for.
enum class Corruption : std::uint8_t {
  noise,     ///< each pixel moved by up to half of the grey scale at random, and cut off at its ends
  shift,     ///< by one pixel in one of eight directions, black pixels moving in
  rotation,  ///< about the centre by up to 30 degrees, bilinear, black outside
  blur,      ///< the mean of each pixel and its eight neighbours, black outside
  drop       ///< each pixel black with probability 0.3
};
inline constexpr std::array<Corruption, 5> all_corruptions{
    Corruption::noise, Corruption::shift, Corruption::rotation, Corruption::blur, Corruption::drop};
std::string_view name(Corruption corruption);

/// The image after it; numbers `place`, ..., `place` + image_pixels - 1 of `stream` say how. Pixels stay in
/// [0, 1].
Image corrupt(Corruption corruption, const Image& image, const RandomStream& stream, std::uint64_t place);

/// Pixel p moved by amplitude * (2 u - 1), u number `place` + p of `stream`, and cut off at 0 and 1.
Image noisy(Image image, double amplitude, const RandomStream& stream, std::uint64_t place);

}  // namespace stockpot::reproduce
