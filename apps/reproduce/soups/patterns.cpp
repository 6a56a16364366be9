#include "soups/patterns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cells.hpp"
#include "model_files.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::size_t images_in_a_row = 16;
constexpr std::size_t pixel_side = 4;
constexpr std::size_t image_step = image_side * pixel_side + 1;  ///< the image and the line before it

std::vector<double> first_layer(const std::filesystem::path& model) {
  for (probe::NamedTensor& tensor : read_model(model)) {
    if (tensor.name == "layers.0.weight") return std::move(tensor.values);
  }
  return {};
}

std::vector<double> class_means(const SoupCase& seed) {
  std::vector<double> means(digit_classes * image_pixels);
  std::vector<double> counts(digit_classes);
  for (const Split split : {Split::pretraining, Split::training}) {
    for (const std::size_t index : seed.splits.images(split)) {
      const auto label = static_cast<std::size_t>(digits()[index].label);
      ++counts[label];
      for (std::size_t p = 0; p < image_pixels; ++p) {
        means[label * image_pixels + p] += digits()[index].image[p];
      }
    }
  }
  for (std::size_t i = 0; i < means.size(); ++i) means[i] /= counts[i / image_pixels];
  return means;
}

}  // namespace

std::uint8_t grey(double value) {
  return static_cast<std::uint8_t>(std::lround(127.5 + 127.5 * std::clamp(value, -1.0, 1.0)));
}

std::string picture(std::span<const double> rows) {
  const std::size_t images = rows.size() / image_pixels;
  const std::size_t across = std::min(images, images_in_a_row);
  const std::size_t down = (images + across - 1) / across;
  const std::size_t width = across * image_step + 1;
  const std::size_t height = down * image_step + 1;
  std::string pixels(width * height, '\0');
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t image = i / image_pixels;
    const std::size_t row = i % image_pixels / image_side;
    const std::size_t column = i % image_side;
    const std::size_t top = image / across * image_step + 1 + row * pixel_side;
    const std::size_t left = image % across * image_step + 1 + column * pixel_side;
    for (std::size_t y = top; y < top + pixel_side; ++y) {
      std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(y * width + left), pixel_side,
                  static_cast<char>(grey(rows[i])));
    }
  }
  return fmt::format("P5\n{} {}\n255\n", width, height) + pixels;
}

void write_patterns(const SoupCase& seed, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* file, const std::vector<double>& rows) {
    io::write_text(folder / file, picture(rows), false);
  };
  write("single.pgm", first_layer(seed.model(Pool::alike, 0)));
  write("single_independent.pgm", first_layer(seed.model(Pool::independent, 0)));
  write("average_same.pgm", first_layer(seed.merged("average-alike")));
  write("average_independent.pgm", first_layer(seed.merged("average-independent")));
  write("class_means.pgm", class_means(seed));
}

}  // namespace stockpot::reproduce
