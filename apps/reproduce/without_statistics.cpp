#include "statistics.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::reproduce {

bool can_collect_statistics() {
  return false;
}

Cost collect_statistics(comm::Communicator&, const SeedCase&, const std::vector<std::size_t>&, Statistic) {
  throw Error(ExitCode::usage, "this build can't collect statistics");
}

}  // namespace stockpot::reproduce
