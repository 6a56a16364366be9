#include "engine/scope_surveys.hpp"

#include <utility>

namespace stockpot::engine {

method::Survey& ScopeSurveys::begin(std::uint32_t scope, std::uint64_t memory_bytes) {
  const plan::ScopeGroup& group = plan_.scopes.groups[scope];
  method::ScopeContext context;
  context.kind = plan_.settings.scope;
  context.name = group.name;
  context.memory_bytes = memory_bytes;
  for (const std::uint32_t task : group.tasks) {
    context.tensors.push_back(plan::context_of(plan_.tasks[task], models_, plan_.settings));
  }
  std::unique_ptr<method::Survey> survey = method_.survey(context);
  const std::lock_guard lock(mutex_);
  open_[scope] = std::move(survey);
  return *open_[scope];
}

method::Survey& ScopeSurveys::at(std::uint32_t scope) const {
  const std::lock_guard lock(mutex_);
  return *open_[scope];
}

std::unique_ptr<method::ElementPass> ScopeSurveys::pass(const plan::ScopePlace& place) const {
  return at(place.scope).coefficients(place.position);
}

void ScopeSurveys::report(std::uint32_t scope) {
  const method::Survey& survey = at(scope);
  const std::vector<std::uint32_t>& tasks = plan_.scopes.groups[scope].tasks;
  const bool whole_model = plan_.settings.scope == recipe::Scope::model &&
                           !plan_.tasks[tasks.front()].is_scope_of_its_own();
  std::map<std::string, method::Diagnostics> found;
  for (std::size_t position = 0; position < (whole_model ? 1 : tasks.size()); ++position) {
    method::Diagnostics diagnostics = survey.diagnostics(position);
    if (diagnostics.empty()) continue;
    found.emplace(whole_model ? "model" : plan_.tasks[tasks[position]].label(), std::move(diagnostics));
  }
  const std::lock_guard lock(mutex_);
  reports_.merge(found);
}

void ScopeSurveys::close(std::uint32_t scope) {
  const std::lock_guard lock(mutex_);
  open_[scope].reset();
}

}  // namespace stockpot::engine
