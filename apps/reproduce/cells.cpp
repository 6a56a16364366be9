#include "cells.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "corruptions.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::array<std::string_view, domain_count> domain_names{"invert", "mirror", "transpose", "rotate",
                                                                  "noise"};
constexpr std::size_t last = image_side - 1;  ///< row or column
constexpr double noise_amplitude = 0.5;

/// The image whose pixel (row, column) is the one that `source` names.
template <typename Source>
Image rearranged(const Image& image, Source source) {
  Image result{};
  for (std::size_t row = 0; row < image_side; ++row) {
    for (std::size_t column = 0; column < image_side; ++column) {
      result[row * image_side + column] = image[source(row, column)];
    }
  }
  return result;
}

Image negative(Image image) {
  for (double& pixel : image) pixel = 1 - pixel;
  return image;
}

}  // namespace

std::string_view name(Domain domain) {
  return domain_names[static_cast<std::size_t>(domain)];
}

Image show(Domain domain, const Image& image, const RandomStream& noise, std::uint64_t place) {
  switch (domain) {
    case Domain::invert:
      return negative(image);
    case Domain::mirror:
      return rearranged(image, [](auto row, auto column) { return row * image_side + (last - column); });
    case Domain::transpose:
      return rearranged(image, [](auto row, auto column) { return column * image_side + row; });
    case Domain::rotate:
      return rearranged(image, [](auto row, auto column) { return (last - column) * image_side + row; });
    case Domain::noise:
      return noisy(image, noise_amplitude, noise, place);
  }
  return image;
}

std::string Cell::name() const {
  return fmt::format("{}-{}-{}", reproduce::name(domain), classes[0], classes[1]);
}

std::vector<Cell> cells(std::uint64_t seed) {
  const std::vector<std::size_t> order = RandomStream(seed, "class pairs").permutation(digit_classes);
  std::vector<Cell> result;
  for (std::size_t diagonal = 0; diagonal < pair_count; ++diagonal) {
    for (std::size_t domain = 0; domain < domain_count; ++domain) {
      const std::size_t pair = (domain + diagonal) % pair_count;
      const auto [low, high] = std::minmax(order[2 * pair], order[2 * pair + 1]);
      result.push_back({.domain = static_cast<Domain>(domain),
                        .classes = {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)}});
    }
  }
  return result;
}

void Examples::add(const Image& image, std::int64_t label) {
  inputs.insert(inputs.end(), image.begin(), image.end());
  labels.push_back(label);
}

void Examples::append(const Examples& more) {
  inputs.insert(inputs.end(), more.inputs.begin(), more.inputs.end());
  labels.insert(labels.end(), more.labels.begin(), more.labels.end());
}

probe::Batch Examples::batch() const {
  return {.first_example = 0, .examples = labels.size(), .inputs = inputs, .labels = labels};
}

Examples examples_of(const Cell& cell, std::uint64_t seed, const Splits& splits, Split split) {
  const RandomStream noise(seed, "noise domain");
  Examples result;
  for (const std::size_t index : splits.images(split)) {
    const std::int64_t label = digits()[index].label;
    if (label == cell.classes[0] || label == cell.classes[1]) {
      result.add(show(cell.domain, digits()[index].image, noise, index * image_pixels), label);
    }
  }
  return result;
}

Examples clean_examples(const Splits& splits, Split split) {
  Examples result;
  for (const std::size_t index : splits.images(split)) {
    result.add(digits()[index].image, digits()[index].label);
  }
  return result;
}

}  // namespace stockpot::reproduce
