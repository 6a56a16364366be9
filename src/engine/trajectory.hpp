#pragma once

#include "stockpot/comm/communicator.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::engine {

/// Collective. Replaces every trajectory of a recipe by the checkpoints that its glob finds on rank 0, each
/// with the weight of the schedule. Error{input} when nothing matches, Error{usage} for a schedule other than
/// uniform with a method that takes no weights.
void expand_trajectories(comm::Communicator& world, recipe::Recipe& recipe);

}  // namespace stockpot::engine
