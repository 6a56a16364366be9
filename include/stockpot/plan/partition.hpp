#pragma once

#include <cstdint>
#include <vector>

namespace stockpot::plan {

/// Work of one tensor as the partition sees it: `units` pieces that can't be cut, each costing `unit_cost`
/// (the last one less).
struct WorkLoad {
  std::uint64_t units = 1;
  double cost = 0.0;       ///< of all units together
  double unit_cost = 0.0;  ///< of one full unit
};

/// Units [first_unit, end_unit) of one task.
struct Piece {
  std::uint32_t task = 0;
  std::uint64_t first_unit = 0;
  std::uint64_t end_unit = 0;

  friend bool operator==(const Piece&, const Piece&) = default;
};

/// Cuts the tasks, in their order, into `owners` contiguous shares of nearly equal cost. A share begins at a
/// task where that costs at most 1 % of a share in balance, else at a unit within one. Pure; every unit is in
/// exactly one share. Cost: O(tasks + owners log tasks).
std::vector<std::vector<Piece>> partition(const std::vector<WorkLoad>& loads, std::uint64_t owners);

/// True if the shares have every unit of the loads, and no other, once and in order.
bool covers(const std::vector<std::vector<Piece>>& shares, const std::vector<WorkLoad>& loads);

/// Largest share's cost divided by the mean, minus 1.
double imbalance(const std::vector<WorkLoad>& loads, const std::vector<std::vector<Piece>>& shares);

}  // namespace stockpot::plan
