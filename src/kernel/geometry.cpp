#include "stockpot/kernel/geometry.hpp"

#include "kernel/kernel_table.hpp"
#include "kernel/require.hpp"

namespace stockpot::kernel {

void geometry(std::span<const TypedInput> inputs, TypedInput base, std::uint64_t count,
              std::span<double> sums) {
  const GeometryLayout layout(inputs.size(), base.data != nullptr);
  require(!inputs.empty(), "geometry: no model");
  require(sums.size() == layout.width(), "geometry: not as many sums as the layout has");
  for (const TypedInput& input : inputs) {
    require(is_mergeable(input.dtype), "geometry: an input's dtype is not mergeable");
  }
  require(base.data == nullptr || is_mergeable(base.dtype), "geometry: the base's dtype is not mergeable");
  const KernelTable& table = current_table();
  table.geometry(inputs, base, count, sums);
  if (layout.has_base()) table.gram(inputs, base, count, sums.subspan(layout.first_product()));
}

}  // namespace stockpot::kernel
