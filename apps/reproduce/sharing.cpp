#include "sharing.hpp"

#include <span>

#include "stockpot/comm/agreement.hpp"

namespace stockpot::reproduce {
namespace {

/// Collective. Calls `use` with 0, ..., count - 1, each on one rank.
template <typename Use>
void in_turns(comm::Communicator& world, std::string_view what, std::size_t count, Use use) {
  comm::agree_after(world, what, [&] {
    const auto ranks = static_cast<std::size_t>(world.size());
    for (auto i = static_cast<std::size_t>(world.rank()); i < count; i += ranks) use(i);
  });
}

}  // namespace

void share_out(comm::Communicator& world, std::string_view what,
               const std::vector<std::function<void()>>& work) {
  in_turns(world, what, work.size(), [&](std::size_t i) { work[i](); });
}

std::vector<double> shared_values(comm::Communicator& world, std::string_view what, std::size_t count,
                                  const std::function<double(std::size_t)>& value) {
  std::vector<double> values(count, 0.0);
  in_turns(world, what, count, [&](std::size_t i) { values[i] = value(i); });
  // One rank's value and zeros: exact in any order.
  world.all_reduce(std::span<double>(values), comm::ReduceOp::sum, what);
  return values;
}

}  // namespace stockpot::reproduce
