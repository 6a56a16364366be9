#include "engine/work_schedule.hpp"

#include <algorithm>
#include <map>

#include "stockpot/plan/tiling.hpp"

namespace stockpot::engine {
namespace {

void add_ranges(std::vector<WorkItem>& items, const Job& job, const plan::ScopeGroup& group,
                const method::Survey& survey, const std::vector<plan::Piece>& pieces) {
  for (const method::ElementRange& range : survey.ranges()) {
    const std::uint32_t task = group.tasks[range.tensor];
    for (const plan::Piece& piece : pieces) {
      if (piece.task != task) continue;
      const std::uint64_t unit = range.first / plan::unit_elements(job.plan.tasks[task], job.models);
      if (unit < piece.first_unit || unit >= piece.end_unit) continue;
      items.push_back({WorkItem::Kind::survey, task, unit, range, method::Reading::ranges, 0});
    }
  }
}

}  // namespace

std::vector<WorkItem> survey_items(const Job& job, std::uint32_t scope,
                                   const std::vector<plan::Piece>& pieces) {
  std::vector<WorkItem> items;
  const method::Survey& survey = job.surveys.at(scope);
  const method::Reading reading = survey.next();
  if (reading == method::Reading::nothing) return items;
  if (reading == method::Reading::matrices) {
    const std::uint32_t task = job.plan.scopes.groups[scope].tasks.front();
    for (std::uint64_t part = 0; part < survey.matrix_parts(); ++part) {
      items.push_back({WorkItem::Kind::survey, task, part, std::nullopt, reading, 0});
    }
    return items;
  }
  if (reading == method::Reading::ranges) {
    add_ranges(items, job, job.plan.scopes.groups[scope], survey, pieces);
    return items;
  }
  for (const plan::Piece& piece : pieces) {
    const auto& place = job.plan.scopes.place[piece.task];
    if (!place || place->scope != scope) continue;
    for (std::uint64_t unit = piece.first_unit; unit < piece.end_unit; ++unit) {
      items.push_back({WorkItem::Kind::survey, piece.task, unit, std::nullopt, reading, 0});
    }
  }
  return items;
}

WorkSchedule::WorkSchedule(Job& job, const std::vector<plan::Piece>& pieces) : job_(job) {
  std::map<std::uint32_t, std::size_t> stage_of_scope;
  for (const plan::Piece& piece : pieces) {
    const auto& place = job.plan.scopes.place[piece.task];
    if (!place || job.plan.scopes.groups[place->scope].is_shared_by_rows()) {
      Stage& stage = stages_.emplace_back();
      stage.pieces.push_back(piece);
      if (place && job.plan.scopes.groups[place->scope].tasks.size() == 1) stage.closes = place->scope;
      continue;
    }
    const auto [found, is_new] = stage_of_scope.try_emplace(place->scope, stages_.size());
    if (is_new) {
      Stage& stage = stages_.emplace_back();
      stage.scope = place->scope;
      stage.closes = place->scope;
    }
    stages_[found->second].pieces.push_back(piece);
  }
}

void WorkSchedule::open(std::size_t index) {
  if (stages_[index].scope) {
    job_.begin_survey(*stages_[index].scope, job_.plan.buffers.survey_bytes / job_.plan.buffers.lanes);
  }
  advance(index);
}

void WorkSchedule::advance(std::size_t index) {
  Stage& stage = stages_[index];
  std::vector<WorkItem> items;
  if (stage.scope && !stage.merges) {
    method::Survey& survey = job_.surveys.at(*stage.scope);
    stats::LocalReducer alone;
    while (survey.next() != method::Reading::nothing) {
      items = survey_items(job_, *stage.scope, stage.pieces);
      if (!items.empty()) break;
      survey.end_round(alone);  // a scope without elements
    }
    if (items.empty()) job_.finish_survey(*stage.scope);
  }
  if (items.empty()) {
    stage.merges = true;
    for (const plan::Piece& piece : stage.pieces) {
      for (std::uint64_t unit = piece.first_unit; unit < piece.end_unit; ++unit) {
        items.push_back({WorkItem::Kind::merge, piece.task, unit, std::nullopt, {}, 0});
      }
    }
  }
  for (WorkItem& item : items) item.stage = index;
  stage.items.assign(items.begin(), items.end());
}

bool WorkSchedule::take(WorkItem& item) {
  for (const std::size_t index : open_) {
    Stage& stage = stages_[index];
    if (stage.items.empty()) continue;
    item = stage.items.front();
    stage.items.pop_front();
    ++stage.under_way;
    return true;
  }
  return false;
}

bool WorkSchedule::may_open(const Stage& stage) const {
  if (open_.size() >= job_.plan.buffers.lanes) return false;
  const std::uint64_t limit = job_.plan.buffers.surveys_at_once;
  if (!stage.scope || limit == 0) return true;
  const auto surveys = std::count_if(open_.begin(), open_.end(),
                                     [this](std::size_t index) { return stages_[index].scope.has_value(); });
  return static_cast<std::uint64_t>(surveys) < limit;
}

bool WorkSchedule::next(WorkItem& item) {
  std::unique_lock lock(mutex_);
  while (!halted_) {
    if (take(item)) return true;
    if (next_stage_ < stages_.size() && may_open(stages_[next_stage_])) {
      open(next_stage_);
      open_.push_back(next_stage_++);
      changed_.notify_all();
      continue;
    }
    if (open_.empty()) return false;
    changed_.wait(lock);
  }
  return false;
}

void WorkSchedule::done(const WorkItem& item) {
  std::unique_lock lock(mutex_);
  Stage& stage = stages_[item.stage];
  if (--stage.under_way > 0 || !stage.items.empty()) return;
  if (stage.merges) {
    if (stage.closes) job_.surveys.close(*stage.closes);
    std::erase(open_, item.stage);
  } else {
    // The stage has no items now, so other lanes pass it by.
    lock.unlock();
    stats::LocalReducer alone;
    job_.surveys.at(*stage.scope).end_round(alone);
    lock.lock();
    advance(item.stage);
  }
  changed_.notify_all();
}

void WorkSchedule::halt() {
  const std::lock_guard lock(mutex_);
  halted_ = true;
  changed_.notify_all();
}

}  // namespace stockpot::engine
