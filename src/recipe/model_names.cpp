#include "recipe/model_names.hpp"

#include <tuple>

#include "recipe/reader.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {

bool same_model(const ModelReference& a, const ModelReference& b) {
  return std::tie(a.path, a.revision, a.adapter, a.adapter_revision) ==
         std::tie(b.path, b.revision, b.adapter, b.adapter_revision);
}

bool ModelNames::add(const std::string& name, const ModelReference& reference) {
  add_reference(reference);
  const auto [entry, is_new] = names_.emplace(name, reference);
  return is_new || same_model(entry->second, reference);
}

void ModelNames::add_reference(const ModelReference& reference) {
  references_.emplace(reference.text, reference);
}

void ModelNames::require(const Cursor& at, const std::string& text, Findings& findings) const {
  if (names_.count(text) != 0 || references_.count(text) != 0) return;
  findings.error(at, quote(text) + " is no model of this recipe",
                 findings.is_full() ? std::string{} : suggest(text, all()));
}

const ModelReference* ModelNames::find_name(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

std::vector<std::string> ModelNames::all() const {
  std::vector<std::string> texts;
  for (const auto& [text, reference] : names_) texts.push_back(text);
  for (const auto& [text, reference] : references_) {
    if (names_.count(text) == 0) texts.push_back(text);
  }
  return texts;
}

}  // namespace stockpot::recipe
