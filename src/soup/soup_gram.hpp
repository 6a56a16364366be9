#pragma once

#include <optional>

#include "soup/variants.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/candidate_maker.hpp"
#include "stockpot/soup/search.hpp"
#include "stockpot/stats/gram_sums.hpp"

namespace stockpot::soup {

/// Collective. Inner products of all models over their floating tensors, on every rank: of their task vectors
/// where the recipe has a base model that is none of them. The maker's candidate is then the mean of all.
/// Cost: two passes over the models in memory, one over the base model's files.
stats::GramMatrix measure_gram(comm::Communicator& world, engine::CandidateMaker& maker,
                               const Variants& variants);

/// Of a soup with these coefficients of the models. Local, O(K^2) for each cosine.
SoupGeometry geometry_of(const stats::GramMatrix& gram, const std::vector<double>& coefficients);

}  // namespace stockpot::soup
