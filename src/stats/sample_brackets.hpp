#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "key_bits.hpp"
#include "key_sample.hpp"
#include "selection_limits.hpp"
#include "stockpot/stats/reducer.hpp"
#include "stockpot/stats/selection.hpp"

namespace stockpot::stats {

/// Collective. For each query a bracket that holds the wanted key with a probability near 1: the sample's
/// quantile five standard deviations below and above; less, down to 2.5, where the keys between would not fit
/// otherwise. `samples` are this rank's, by stream.
std::vector<Bracket> sample_brackets(std::span<const std::unique_ptr<KeySample>> samples,
                                     std::span<const Query> queries, std::uint64_t elements,
                                     const SelectionLimits& limits, Reducer& reducer);

}  // namespace stockpot::stats
