#include "engine/grid_steps.hpp"

#include <algorithm>

#include "engine/work_schedule.hpp"

namespace stockpot::engine {

std::vector<GridItem> merge_items(const Job& job, std::uint64_t row, const std::vector<std::uint64_t>& done,
                                  const std::function<bool(std::uint32_t task)>& wanted) {
  std::vector<GridItem> items;
  for (const plan::Piece& piece : job.plan.pieces[row]) {
    if (!wanted(piece.task)) continue;
    for (std::uint64_t unit = piece.first_unit; unit < piece.end_unit; ++unit) {
      if (std::binary_search(done.begin(), done.end(), unit_key(piece.task, unit))) continue;
      items.push_back(
          {piece.task, unit, plan::unit_span(job.plan.tasks[piece.task], job.models, unit), false});
    }
  }
  return items;
}

std::vector<GridItem> survey_items(const Job& job, std::uint64_t row, std::uint32_t scope) {
  std::vector<GridItem> items;
  for (const WorkItem& item : survey_items(job, scope, job.plan.pieces[row])) {
    const plan::ElementSpan unit = plan::unit_span(job.plan.tasks[item.task], job.models, item.unit);
    if (item.range) {
      items.push_back({item.task, item.unit, {item.range->first, item.range->count}, true});
    } else if (item.reading == method::Reading::sample) {
      for (const plan::ElementSpan& leaf : plan::sampled_leaves(unit)) {
        items.push_back({item.task, item.unit, leaf, true});
      }
    } else {
      items.push_back({item.task, item.unit, unit, true});
    }
  }
  return items;
}

bool GridSteps::next(GridStep& step) {
  if (item_ == items_.size()) return false;
  const GridItem& item = items_[item_];
  const plan::TensorTask& task = job_.plan.tasks[item.task];
  if (!tiles_) tiles_.emplace(task, job_.models, job_.plan.buffers, item.span);
  step.task = item.task;
  step.unit = item.unit;
  step.surveys = item.surveys;
  step.owner = plan::owner_column(job_.plan, item.task, item.unit);
  step.tile = {item.span.first, 0, 0, 0};
  tiles_->next(step.tile);
  const bool last = step.tile.first + step.tile.count == item.span.first + item.span.count;
  step.last_of_unit = last && !item.surveys;
  if (last) {
    tiles_.reset();
    ++item_;
  }
  return true;
}

std::uint64_t GridSteps::count() const {
  std::uint64_t steps = 0;
  for (const GridItem& item : items_) {
    const plan::TensorTask& task = job_.plan.tasks[item.task];
    steps += std::max<std::uint64_t>(1, tile_count(task, job_.models, job_.plan.buffers, item.span));
  }
  return steps;
}

}  // namespace stockpot::engine
