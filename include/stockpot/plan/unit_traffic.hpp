#pragma once

#include <cstdint>
#include <vector>

#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::plan {

/// What each column moves for one unit, by column of the row that owns the unit. With Exchange::sums the
/// columns that hold inputs pass running sums upwards and the last of them rounds and sends the finished tile
/// to the owner; anchors travel as tiles to each of them.
std::vector<Traffic> unit_traffic(const MergePlan& plan, const ModelSet& models, std::uint32_t task,
                                  std::uint64_t unit);

}  // namespace stockpot::plan
