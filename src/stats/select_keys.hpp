#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "key_bits.hpp"
#include "stockpot/stats/reducer.hpp"

namespace stockpot::stats {

/// The `rank`-th smallest (from 0) of the keys in a bracket, of all ranks together; `keys` are this rank's,
/// in any order, those outside the bracket are passed over.
struct WantedKey {
  std::span<const double> keys;
  Bracket bracket;
  std::uint64_t rank = 0;
};

struct SelectedKey {
  KeyBits value = 0;
  std::uint64_t below = 0;  ///< keys of the bracket below it
  std::uint64_t equal = 0;
};

/// Collective; `keys` may differ by rank, all else is the same. The brackets are cut into `cells` (>= 2)
/// until one value is left, all in step: 64 / log2(cells) calls of the reducer at most, of cells * wanted
/// counts. Beside the counts, copies of at most a quarter of the keys are held.
/// @pre each rank is below the number of keys in its bracket
std::vector<SelectedKey> select_keys(std::span<const WantedKey> wanted, std::uint64_t cells,
                                     Reducer& reducer);

}  // namespace stockpot::stats
