#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "digits.hpp"
#include "random_stream.hpp"
#include "splits.hpp"
#include "stockpot/probe/probe.hpp"

namespace stockpot::reproduce {

/// How a domain shows an image: negative, left and right exchanged, rows and columns exchanged, turned right
/// by a quarter, each pixel moved by up to half of the grey scale at random.
enum class Domain : std::uint8_t { invert, mirror, transpose, rotate, noise };
inline constexpr std::size_t domain_count = 5;
inline constexpr std::size_t pair_count = digit_classes / 2;
std::string_view name(Domain domain);

/// The image as the domain shows it. Pixel p of a noisy one is moved by number `place` + p of `noise`.
Image show(Domain domain, const Image& image, const RandomStream& noise, std::uint64_t place);

/// A task: to tell two classes apart in one domain.
struct Cell {
  Domain domain = Domain::invert;
  std::array<std::int64_t, 2> classes{};  ///< ascending

  [[nodiscard]] std::string name() const;  ///< as "rotate-3-8"
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// All 25 cells of a seed, diagonal by diagonal: cells 5k to 5k + 4 have every domain and every pair of
/// classes once. The ten classes are paired at random, so that each seed has diagonals of its own.
std::vector<Cell> cells(std::uint64_t seed);

/// Labelled examples with the memory that they need.
struct Examples {
  std::vector<double> inputs;  ///< [labels.size(), image_pixels]
  std::vector<std::int64_t> labels;

  void add(const Image& image, std::int64_t label);
  void append(const Examples& more);
  [[nodiscard]] probe::Batch batch() const;
};

/// The images of a split that belong to the cell, as it shows them; an image's noise depends on the seed
/// alone.
Examples examples_of(const Cell& cell, std::uint64_t seed, const Splits& splits, Split split);
/// The images of a split of every class, as they are.
Examples clean_examples(const Splits& splits, Split split);

}  // namespace stockpot::reproduce
