#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "stockpot/kernel/task_vectors.hpp"
#include "unit/kernel/mixtures.hpp"

namespace stockpot::kernel::test {

/// Parts of a tile with random weights, thresholds (many equal to a magnitude that occurs), masks and scales.
struct Sparse {
  Sparse(std::mt19937_64& generator, const Tile& tile)
      : masks(tile.inputs.size()), divisors(tile.inputs.size()) {
    for (std::size_t i = 0; i < tile.inputs.size(); ++i) {
      SparsePart part{.input = tile.inputs[i].view(), .weight = any_factor(generator)};
      if (generator() % 3 == 0) part.least = threshold(generator, tile, i);
      if (generator() % 3 == 0) part.most = threshold(generator, tile, i);
      if (generator() % 3 == 0) part.factor = any_factor(generator);
      if (generator() % 3 == 0) part.divisor = any_divisor(generator);
      if (generator() % 4 == 0) {
        for (std::uint64_t word = 0; word * 64 < tile.count; ++word) masks[i].push_back(generator());
        part.keep = masks[i].data();
      }
      if (generator() % 4 == 0) {
        for (std::uint64_t e = 0; e <= tile.count; ++e) divisors[i].push_back(any_divisor(generator));
        part.divisors = divisors[i].data() + 1;  // off every alignment of vectors
      }
      parts.push_back(part);
    }
  }
  static double threshold(std::mt19937_64& generator, const Tile& tile, std::size_t model) {
    if (tile.count == 0) return 0.1;
    const double magnitude = std::abs(tile.delta(model, generator() % tile.count));
    return std::isnan(magnitude) ? 0.1 : magnitude;
  }

  std::vector<std::vector<std::uint64_t>> masks;
  std::vector<std::vector<double>> divisors;
  std::vector<SparsePart> parts;
};

/// What the part makes of an entry that it keeps.
inline double scaled(const SparsePart& part, double delta, std::uint64_t index) {
  const double product = delta * part.factor;
  return product / (part.divisors == nullptr ? part.divisor : part.divisors[index]);
}

/// Whether the part keeps an entry.
inline bool is_kept(const SparsePart& part, double delta, std::uint64_t index) {
  const double magnitude = std::fabs(delta);
  const bool within = std::isnan(magnitude) || (part.least <= magnitude && magnitude <= part.most);
  return within && (part.keep == nullptr || (part.keep[index / 64] & (std::uint64_t{1} << index % 64)) != 0);
}

}  // namespace stockpot::kernel::test
