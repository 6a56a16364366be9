#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "soup/mixture.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/probe/probe.hpp"

namespace stockpot::soup {

/// What a learned soup learns.
struct LearnedParameters {
  std::vector<double> alpha;  ///< [rows, models]; coefficients are the softmax of each row
  double beta = 1;            ///< temperature: the model's logits times beta are scored
};

/// Of the mean cross-entropy over a batch.
struct LearnedGradient {
  double loss = 0;
  std::vector<double> alpha;
  double beta = 0;
};

/// Collective. Loss and gradient of examples `chosen` of `data`, which all ranks hold. Blocks of 64 examples
/// are spread over the ranks in contiguous runs; what they sum to goes over the fixed tree, so that every
/// rank gets the bits of one rank alone. Throws on every rank what a probe throws, and Error{input} for a
/// loss or gradient that isn't finite. Cost: each rank mixes the models once and, for each of its blocks,
/// runs the model forward twice and backward once and passes over all models once; rows * models + 2 numbers
/// a block are summed up over ranks.
LearnedGradient learned_gradient(comm::Communicator& world, const Mixture& mixture,
                                 const probe::ProbeOpener& open, const probe::Batch& data,
                                 std::span<const std::uint64_t> chosen, const LearnedParameters& at);

}  // namespace stockpot::soup
