#include "corruptions.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace stockpot::reproduce {
namespace {

constexpr std::array<std::string_view, all_corruptions.size()> names{"noise", "shift", "rotation", "blur",
                                                                     "drop"};
constexpr double noise_amplitude = 0.5;
constexpr double largest_angle = std::numbers::pi / 6;
constexpr double drop_probability = 0.3;
constexpr auto side = static_cast<int>(image_side);

std::size_t index_of(int row, int column) {
  return static_cast<std::size_t>(row) * image_side + static_cast<std::size_t>(column);
}

double pixel(const Image& image, int row, int column) {
  if (row < 0 || row >= side || column < 0 || column >= side) return 0;
  return image[index_of(row, column)];
}

/// The image whose pixel (row, column) is value(row, column).
template <typename Value>
Image made_of(Value value) {
  Image result{};
  for (int row = 0; row < side; ++row) {
    for (int column = 0; column < side; ++column) {
      result[index_of(row, column)] = std::clamp(value(row, column), 0.0, 1.0);
    }
  }
  return result;
}

Image shifted(const Image& image, double u) {
  constexpr std::array<std::array<int, 2>, 8> steps{
      {{-1, -1}, {-1, 0}, {-1, 1}, {0, -1}, {0, 1}, {1, -1}, {1, 0}, {1, 1}}};
  const auto [down, right] = steps[static_cast<std::size_t>(u * static_cast<double>(steps.size()))];
  return made_of([&, rows = down, columns = right](int row, int column) {
    return pixel(image, row - rows, column - columns);
  });
}

double between_pixels(const Image& image, double row, double column) {
  const double top = std::floor(row);
  const double left = std::floor(column);
  const double lower = row - top;
  const double right = column - left;
  const auto r = static_cast<int>(top);
  const auto c = static_cast<int>(left);
  return (1 - lower) * ((1 - right) * pixel(image, r, c) + right * pixel(image, r, c + 1)) +
         lower * ((1 - right) * pixel(image, r + 1, c) + right * pixel(image, r + 1, c + 1));
}

Image rotated(const Image& image, double angle) {
  constexpr double centre = (static_cast<double>(image_side) - 1) / 2;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  return made_of([&](int row, int column) {
    const double down = row - centre;
    const double right = column - centre;
    return between_pixels(image, centre + cosine * down - sine * right,
                          centre + sine * down + cosine * right);
  });
}

Image blurred(const Image& image) {
  return made_of([&](int row, int column) {
    double sum = 0;
    for (int r = row - 1; r <= row + 1; ++r) {
      for (int c = column - 1; c <= column + 1; ++c) sum += pixel(image, r, c);
    }
    return sum / 9;
  });
}

Image dropped(Image image, const RandomStream& stream, std::uint64_t place) {
  for (std::size_t p = 0; p < image_pixels; ++p) {
    if (stream.unit(place + p) < drop_probability) image[p] = 0;
  }
  return image;
}

}  // namespace

std::string_view name(Corruption corruption) {
  return names[static_cast<std::size_t>(corruption)];
}

Image corrupt(Corruption corruption, const Image& image, const RandomStream& stream, std::uint64_t place) {
  switch (corruption) {
    case Corruption::noise:
      return noisy(image, noise_amplitude, stream, place);
    case Corruption::shift:
      return shifted(image, stream.unit(place));
    case Corruption::rotation:
      return rotated(image, largest_angle * (2 * stream.unit(place) - 1));
    case Corruption::blur:
      return blurred(image);
    case Corruption::drop:
      return dropped(image, stream, place);
  }
  return image;
}

Image noisy(Image image, double amplitude, const RandomStream& stream, std::uint64_t place) {
  for (std::size_t p = 0; p < image_pixels; ++p) {
    image[p] = std::clamp(image[p] + amplitude * (2 * stream.unit(place + p) - 1), 0.0, 1.0);
  }
  return image;
}

}  // namespace stockpot::reproduce
