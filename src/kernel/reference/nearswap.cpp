#include <cmath>

#include "kernel/reference/elements.hpp"
#include "kernel/task_vector_kernels.hpp"

namespace stockpot::kernel::reference {

ElementCounts nearswap(double t, TypedInput donor, TypedInput base, TypedOutput output, std::uint64_t count) {
  ElementCounts counts;
  for (std::uint64_t index = 0; index < count; ++index) {
    const double b = element(base, index);
    const double x = element(donor, index);
    const double distance = std::abs(b - x);
    double w = t / (distance < 1e-6 ? 1e-6 : distance);
    if (w < 0.0) w = 0.0;
    if (w > 1.0) w = 1.0;
    counts.nonfinite += store(output, index, w * x + (1.0 - w) * b);
  }
  return counts;
}

}  // namespace stockpot::kernel::reference
