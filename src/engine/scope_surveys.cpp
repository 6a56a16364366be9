#include "engine/scope_surveys.hpp"

#include <cstring>
#include <span>
#include <utility>

#include "engine/scratch_panels.hpp"

namespace stockpot::engine {

namespace {

/// Journals hold digests, of two words each; the number of words comes first.
std::vector<Digest> to_digests(const std::vector<std::uint64_t>& words) {
  std::vector<std::uint64_t> padded{words.size()};
  padded.insert(padded.end(), words.begin(), words.end());
  padded.resize((padded.size() + 1) / 2 * 2);
  std::vector<Digest> digests(padded.size() / 2);
  std::memcpy(std::as_writable_bytes(std::span(digests)).data(), padded.data(),
              padded.size() * sizeof(std::uint64_t));
  return digests;
}

std::vector<std::uint64_t> to_words(const std::vector<Digest>& digests) {
  std::vector<std::uint64_t> words(2 * digests.size());
  std::memcpy(words.data(), digests.data(), words.size() * sizeof(std::uint64_t));
  const std::uint64_t count = words.empty() ? 0 : words.front();
  if (count == 0 || count >= words.size()) return {};
  return {words.begin() + 1, words.begin() + 1 + static_cast<std::ptrdiff_t>(count)};
}
static_assert(sizeof(Digest) == 2 * sizeof(std::uint64_t));

}  // namespace

method::Survey& ScopeSurveys::begin(std::uint32_t scope, std::uint64_t memory_bytes,
                                    const std::vector<Digest>* earlier_findings) {
  const plan::ScopeGroup& group = plan_.scopes.groups[scope];
  method::ScopeContext context;
  context.kind = group.kind;
  context.name = group.name;
  context.memory_bytes = memory_bytes;
  context.make_store = [this](const kernel::PanelCut& cut) -> std::unique_ptr<kernel::PanelStore> {
    return std::make_unique<ScratchPanels>(folder_, cut);
  };
  for (const std::uint32_t task : group.tasks) {
    context.tensors.push_back(plan::context_of(plan_.tasks[task], models_, plan_.settings));
  }
  std::unique_ptr<method::Survey> survey = method_.survey(context);
  if (earlier_findings != nullptr) survey->adopt(to_words(*earlier_findings));
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
  const plan::ScopeGroup& group = plan_.scopes.groups[scope];
  const std::vector<std::uint32_t>& tasks = group.tasks;
  const bool whole_model = group.kind == recipe::Scope::model &&
                           !plan_.tasks[tasks.front()].is_scope_of_its_own() && !survey.reports_by_tensor();
  std::map<std::string, method::Diagnostics> found;
  for (std::size_t position = 0; position < (whole_model ? 1 : tasks.size()); ++position) {
    method::Diagnostics diagnostics = survey.diagnostics(position);
    if (diagnostics.empty()) continue;
    found.emplace(whole_model ? "model" : plan_.tasks[tasks[position]].label(), std::move(diagnostics));
  }
  const std::lock_guard lock(mutex_);
  reports_.merge(found);
}

std::vector<Digest> ScopeSurveys::findings(std::uint32_t scope) const {
  const std::vector<std::uint64_t> words = at(scope).findings();
  return words.empty() ? std::vector<Digest>{} : to_digests(words);
}

void ScopeSurveys::close(std::uint32_t scope) {
  const std::lock_guard lock(mutex_);
  open_[scope].reset();
}

}  // namespace stockpot::engine
