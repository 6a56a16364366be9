#include "stockpot/engine/stop_request.hpp"

#include "stockpot/base/error.hpp"

namespace stockpot::engine {

void check_stop_request(comm::Communicator& world, const RunOptions& options) {
  const bool mine = options.stop_requested != nullptr && options.stop_requested->load();
  if (world.all_reduce<std::uint64_t>(mine ? 1U : 0U, comm::ReduceOp::max, "stop requests") > 0) {
    raise_stopped(options);
  }
}

void raise_stopped(const RunOptions& options) {
  throw Error(ExitCode::stopped, "stopped on request; --resume continues", {options.output.string(), ""});
}

}  // namespace stockpot::engine
