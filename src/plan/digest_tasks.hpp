#pragma once

#include <vector>

#include "stockpot/plan/task.hpp"

namespace stockpot::plan {

/// Sees to it that every stored tensor of every model that the tasks read is digested by exactly one of them:
/// by the first that reads the whole tensor as it is stored, else by a digest task, added at the end.
void add_digest_tasks(std::vector<TensorTask>& tasks, const ModelSet& models);

}  // namespace stockpot::plan
