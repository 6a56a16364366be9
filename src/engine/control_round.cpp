#include "engine/control_round.hpp"

#include <array>
#include <span>

namespace stockpot::engine {

ControlRound::ControlRound(comm::Communicator& world, Job& job)
    : world_(world), job_(job), begin_(std::chrono::steady_clock::now()) {
  for (std::uint32_t t = 0; t < job.plan.tasks.size(); ++t) {
    const plan::TensorTask& task = job.plan.tasks[t];
    const std::uint64_t read = plan::readings(job.plan, t) * plan::input_bytes_per_element(task, job.models);
    total_bytes_ += (plan::output_element_bytes(task) + read) * task.elements;
  }
}

ControlState ControlRound::meet(bool idle, bool failed) {
  const bool stop = job_.options.stop_requested != nullptr && job_.options.stop_requested->load();
  std::array<std::uint64_t, 4> sums{idle ? 0U : 1U, failed ? 1U : 0U, stop ? 1U : 0U,
                                    job_.counters.done_bytes.load()};
  world_.all_reduce(std::span<std::uint64_t>(sums), comm::ReduceOp::sum, "progress of the merge");
  if (world_.is_root() && job_.options.progress) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
    job_.options.progress({sums[3], total_bytes_, elapsed.count()});
  }
  return {sums[0] == 0, sums[1] > 0, sums[2] > 0};
}

}  // namespace stockpot::engine
