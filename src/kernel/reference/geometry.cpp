#include "stockpot/kernel/geometry.hpp"

#include <vector>

#include "kernel/kernel_table.hpp"
#include "kernel/lane_sums.hpp"
#include "kernel/reference/elements.hpp"

namespace stockpot::kernel::reference {
namespace {

/// Of the task vectors at one element.
bool signs_conflict(std::span<const TypedInput> inputs, double b, std::uint64_t index) {
  bool any_above = false;
  bool any_below = false;
  for (const TypedInput& input : inputs) {
    const double x = element(input, index);
    any_above = any_above || x > b;
    any_below = any_below || x < b;
  }
  return any_above && any_below;
}

}  // namespace

void geometry(std::span<const TypedInput> inputs, TypedInput base, std::uint64_t count,
              std::span<double> sums) {
  const GeometryLayout layout(inputs.size(), base.data != nullptr);
  std::vector<LaneSums> lanes(layout.has_base() ? layout.first_product() : layout.width());
  for (std::uint64_t e = 0; e < count; ++e) {
    const std::size_t lane = e % sum_lanes;
    const double first = element(inputs.front(), e);
    double mean = first - first;
    for (const TypedInput& input : inputs.subspan(1)) mean += element(input, e) - first;
    mean /= static_cast<double>(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const double x = element(inputs[i], e);
      const double distance = x - first - mean;
      lanes[layout.squared_norm(i)][lane] += x * x;
      lanes[layout.squared_distance(i)][lane] += distance * distance;
      lanes[layout.zeros(i)][lane] += x == 0.0 ? 1.0 : 0.0;
    }
    if (!layout.has_base()) continue;
    const double b = element(base, e);
    const double distance = b - first - mean;
    lanes[layout.base_squared_norm()][lane] += b * b;
    lanes[layout.base_squared_distance()][lane] += distance * distance;
    lanes[layout.sign_conflicts()][lane] += signs_conflict(inputs, b, e) ? 1.0 : 0.0;
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) sums[i] = fold(lanes[i]);
}

}  // namespace stockpot::kernel::reference
