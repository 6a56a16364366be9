#include "stockpot/plan/scope_group.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace stockpot::plan {
namespace {

std::string scope_name(const TensorTask& task, recipe::Scope scope) {
  if (task.is_scope_of_its_own()) return task.label();
  switch (scope) {
    case recipe::Scope::tensor:
      return task.label();
    case recipe::Scope::layer:
      return layer_of(task.name);
    case recipe::Scope::model:
      return "model";
  }
  return {};
}

void add_cost(method::SurveyCost& total, const method::SurveyCost& other) {
  total.passes = std::max(total.passes, other.passes);
  total.samples = std::max(total.samples, other.samples);
  total.memory_bytes = std::max(total.memory_bytes, other.memory_bytes);
  total.needed_bytes += other.needed_bytes;  // a scope's tensors are surveyed together
  total.needed_bytes_per_element = std::max(total.needed_bytes_per_element, other.needed_bytes_per_element);
  total.scratch_bytes += other.scratch_bytes;
  total.kept_bytes_per_element = std::max(total.kept_bytes_per_element, other.kept_bytes_per_element);
  total.needed_bytes_per_lane = std::max(total.needed_bytes_per_lane, other.needed_bytes_per_lane);
}

}  // namespace

ScopeGroups group_scopes(const std::vector<TensorTask>& tasks, const ModelSet& models,
                         const method::Method& method, const MergeSettings& settings) {
  ScopeGroups scopes;
  scopes.place.resize(tasks.size());
  std::map<std::pair<recipe::Scope, std::string>, std::uint32_t> index_of;
  std::vector<std::vector<method::Reduction>> reductions(tasks.size());
  for (std::uint32_t t = 0; t < tasks.size(); ++t) {
    if (tasks[t].kind != TaskKind::merge) continue;
    const method::TensorContext context = context_of(tasks[t], models, settings);
    if (!method.needs_survey(context)) continue;
    const recipe::Scope kind = method.survey_scope(context, settings.scope);
    const auto [found, is_new] = index_of.try_emplace({kind, scope_name(tasks[t], kind)},
                                                      static_cast<std::uint32_t>(scopes.groups.size()));
    if (is_new) scopes.groups.emplace_back();
    ScopeGroup& group = scopes.groups[found->second];
    std::tie(group.kind, group.name) = found->first;
    group.tasks.push_back(t);
    method::SurveyCost cost = method.survey_cost(context);
    add_cost(group.cost, cost);
    reductions[t] = std::move(cost.reductions);
  }
  for (std::uint32_t g = 0; g < scopes.groups.size(); ++g) {
    std::vector<std::uint32_t>& members = scopes.groups[g].tasks;
    std::sort(members.begin(), members.end(),
              [&tasks](std::uint32_t a, std::uint32_t b) { return tasks[a].name < tasks[b].name; });
    for (std::uint32_t position = 0; position < members.size(); ++position) {
      scopes.place[members[position]] = ScopePlace{g, position};
      scopes.groups[g].reductions.push_back(std::move(reductions[members[position]]));
    }
  }
  return scopes;
}

void place_scopes(ScopeGroups& scopes, const std::vector<std::vector<Piece>>& pieces) {
  std::vector<bool> seen(scopes.groups.size(), false);
  for (std::uint64_t row = 0; row < pieces.size(); ++row) {
    for (const Piece& piece : pieces[row]) {
      const auto& place = scopes.place[piece.task];
      if (!place) continue;
      ScopeGroup& group = scopes.groups[place->scope];
      if (!seen[place->scope]) group.first_row = row;
      seen[place->scope] = true;
      group.last_row = row;
    }
  }
  std::vector<std::uint64_t> shared(pieces.size(), 0);
  for (const ScopeGroup& group : scopes.groups) {
    if (!group.is_shared_by_rows()) continue;
    for (std::uint64_t row = group.first_row; row <= group.last_row; ++row) ++shared[row];
  }
  scopes.most_shared_by_a_row = *std::max_element(shared.begin(), shared.end());
}

}  // namespace stockpot::plan
