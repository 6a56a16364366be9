#pragma once

#include <vector>

#include "soups/case.hpp"
#include "stockpot/comm/communicator.hpp"
#include "training_plan.hpp"

namespace stockpot::reproduce {

/// Of the model that all fine-tuned ones start from: images as they are or after one of all corruptions.
probe::TrainingOptions soup_anchor_training(Effort effort, std::uint64_t seed);
/// Of one model of a pool.
probe::TrainingOptions pool_training(Pool pool, Effort effort, std::uint64_t seed, std::size_t number);

/// Collective. Trains every seed's anchor and pools, each model on one rank, and writes them with the
/// validation data. Results do not depend on the number of ranks. Every rank sees the same folder.
void train_pools(comm::Communicator& world, const std::vector<SoupCase>& seeds, Effort effort);

}  // namespace stockpot::reproduce
