#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stockpot/stats/selection.hpp"

namespace stockpot::testing_support {

/// Keys of one scope by stream, and what is asked of them.
struct SelectionCase {
  std::vector<std::vector<double>> streams;
  std::vector<stats::Query> queries;
  std::vector<std::uint64_t> kept_ties = {};  ///< by query, for keep_lowest; empty: half of each
  std::uint64_t memory_bytes = std::uint64_t{1} << 22;

  [[nodiscard]] std::uint64_t elements() const { return streams.at(0).size(); }
};

/// How the positions are spread over ranks and cut into tiles.
struct Cut {
  int ranks = 1;
  bool interleaved = false;  ///< tiles dealt in turn; else each rank holds one stretch
  std::uint64_t tile_leaves = 3;
  int threads = 1;         ///< of each rank
  bool backwards = false;  ///< tiles are shown last first
};

struct Outcome {
  std::vector<stats::Found> found;
  std::vector<std::uint64_t> bounds;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

struct Effort {
  int sample = 0;
  int everything = 0;
  int ranges = 0;
  int most_calls = 0;  ///< of the reducer in one round
};

/// What the selection finds; fails the test where ranks differ.
Outcome select(const SelectionCase& asked, const Cut& cut, Effort* effort = nullptr);
/// The same from sorted keys.
Outcome oracle(const SelectionCase& asked);

}  // namespace stockpot::testing_support
