#pragma once

#include <cstddef>
#include <cstdint>

namespace stockpot::stats {

/// How a selection divides its memory, per query (per stream while it samples).
struct SelectionLimits {
  /// `bytes` for each query and for each stream.
  SelectionLimits(std::uint64_t elements, std::uint64_t bytes);

  std::uint64_t cells = 0;             ///< of a split range of keys
  std::uint64_t segment_elements = 0;  ///< positions are cut into segments, whose ties are counted
  std::uint64_t segments = 0;
  std::uint64_t searched_cells = 0;  ///< of a range of positions whose ties are searched
  std::uint64_t kept_keys = 0;       ///< candidates
  std::uint64_t kept_pieces = 0;     ///< notes where candidates came from
  std::uint64_t sample_keys = 0;     ///< held by all ranks together

  /// Words that a rank gives to reductions for one query, at most.
  [[nodiscard]] std::uint64_t most_reduced_words(bool samples, bool locates_ties) const;
};

}  // namespace stockpot::stats
