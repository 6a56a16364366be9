#include "engine/grid_steps.hpp"

#include <algorithm>

namespace stockpot::engine {

GridSteps::GridSteps(const Job& job, std::uint64_t row, const std::vector<std::uint64_t>& done)
    : job_(job), pieces_(job.plan.pieces[row]), done_(done) {
  std::sort(done_.begin(), done_.end());
  if (!pieces_.empty()) unit_ = pieces_.front().first_unit;
}

bool GridSteps::start_unit() {
  while (piece_ < pieces_.size()) {
    const plan::Piece& piece = pieces_[piece_];
    if (unit_ >= piece.end_unit) {
      if (++piece_ < pieces_.size()) unit_ = pieces_[piece_].first_unit;
      continue;
    }
    if (!std::binary_search(done_.begin(), done_.end(), unit_key(piece.task, unit_))) {
      range_ = unit_range(job_.plan.tasks[piece.task], job_.models, unit_);
      offset_ = 0;
      inside_ = true;
      return true;
    }
    ++unit_;
  }
  return false;
}

bool GridSteps::next(GridStep& step) {
  if (!inside_ && !start_unit()) return false;
  const std::uint32_t task = pieces_[piece_].task;
  const std::uint64_t length = plan::tile_elements(job_.plan.tasks[task], job_.models, job_.plan.buffers);
  step.task = task;
  step.unit = unit_;
  step.first = range_.first + offset_;
  step.count = std::min(length, range_.count - offset_);
  step.owner = plan::owner_column(job_.plan, task, unit_);
  offset_ += step.count;
  step.last_of_unit = offset_ >= range_.count;
  if (step.last_of_unit) {
    inside_ = false;
    ++unit_;
  }
  return true;
}

std::uint64_t step_count(const Job& job, std::uint64_t row) {
  std::uint64_t steps = 0;
  for (const plan::Piece& piece : job.plan.pieces[row]) {
    const plan::TensorTask& task = job.plan.tasks[piece.task];
    const std::uint64_t length = plan::tile_elements(task, job.models, job.plan.buffers);
    for (std::uint64_t unit = piece.first_unit; unit < piece.end_unit; ++unit) {
      const UnitRange range = unit_range(task, job.models, unit);
      steps += std::max<std::uint64_t>(1, (range.count + length - 1) / length);
    }
  }
  return steps;
}

}  // namespace stockpot::engine
