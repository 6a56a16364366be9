#include "stockpot/plan/partition.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace stockpot::plan {
namespace {

/// A place between two units.
struct Cut {
  std::uint32_t task = 0;
  std::uint64_t unit = 0;
};

Cut cut_at(const std::vector<WorkLoad>& loads, const std::vector<double>& cost_before, double target,
           double slack) {
  const auto next = std::upper_bound(cost_before.begin(), cost_before.end(), target);
  const auto task = static_cast<std::uint32_t>(next - cost_before.begin()) - 1;
  if (task >= loads.size()) return {static_cast<std::uint32_t>(loads.size()), 0};
  const WorkLoad& load = loads[task];
  const double inside = target - cost_before[task];
  if (inside <= slack) return {task, 0};
  if (load.cost - inside <= slack || load.unit_cost <= 0.0) return {task + 1, 0};
  const auto unit = static_cast<std::uint64_t>(std::llround(inside / load.unit_cost));
  if (unit >= load.units) return {task + 1, 0};
  return {task, unit};
}

double cost_of(const std::vector<WorkLoad>& loads, const Piece& piece) {
  const WorkLoad& load = loads[piece.task];
  const double before = static_cast<double>(piece.first_unit) * load.unit_cost;
  const double until =
      piece.end_unit == load.units ? load.cost : static_cast<double>(piece.end_unit) * load.unit_cost;
  return until - before;
}

}  // namespace

std::vector<std::vector<Piece>> partition(const std::vector<WorkLoad>& loads, std::uint64_t owners) {
  constexpr double snap_share = 0.01;
  std::vector<double> cost_before(loads.size() + 1, 0.0);
  for (std::size_t i = 0; i < loads.size(); ++i) cost_before[i + 1] = cost_before[i] + loads[i].cost;
  const double share = cost_before.back() / static_cast<double>(owners);

  std::vector<std::vector<Piece>> shares(owners);
  Cut begin;
  for (std::uint64_t owner = 0; owner < owners; ++owner) {
    Cut end{static_cast<std::uint32_t>(loads.size()), 0};
    if (owner + 1 < owners) {
      const Cut wanted =
          cut_at(loads, cost_before, share * static_cast<double>(owner + 1), snap_share * share);
      const bool goes_back =
          wanted.task < begin.task || (wanted.task == begin.task && wanted.unit < begin.unit);
      end = goes_back ? begin : wanted;
    }
    for (std::uint32_t task = begin.task; task < loads.size() && task <= end.task; ++task) {
      const std::uint64_t first = task == begin.task ? begin.unit : 0;
      const std::uint64_t last = task == end.task ? end.unit : loads[task].units;
      if (first < last) shares[owner].push_back({task, first, last});
    }
    begin = end;
  }
  return shares;
}

bool covers(const std::vector<std::vector<Piece>>& shares, const std::vector<WorkLoad>& loads) {
  std::size_t task = 0;
  std::uint64_t unit = 0;
  const auto skip_finished = [&] {
    while (task < loads.size() && unit == loads[task].units) {
      ++task;
      unit = 0;
    }
  };
  for (const std::vector<Piece>& share : shares) {
    for (const Piece& piece : share) {
      skip_finished();
      if (task == loads.size() || piece.task != task || piece.first_unit != unit ||
          piece.end_unit > loads[task].units) {
        return false;
      }
      unit = piece.end_unit;
    }
  }
  skip_finished();
  return task == loads.size();
}

double imbalance(const std::vector<WorkLoad>& loads, const std::vector<std::vector<Piece>>& shares) {
  double largest = 0.0;
  double total = 0.0;
  for (const auto& share : shares) {
    const double cost =
        std::accumulate(share.begin(), share.end(), 0.0,
                        [&loads](double sum, const Piece& piece) { return sum + cost_of(loads, piece); });
    largest = std::max(largest, cost);
    total += cost;
  }
  return total > 0.0 ? largest * static_cast<double>(shares.size()) / total - 1.0 : 0.0;
}

}  // namespace stockpot::plan
