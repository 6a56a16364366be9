#pragma once

#include <map>
#include <string>
#include <vector>

#include "recipe/findings.hpp"
#include "stockpot/recipe/model_reference.hpp"

namespace stockpot::recipe {

/// Whether two references mean the same model, however they were written.
bool same_model(const ModelReference& a, const ModelReference& b);

/// Every name and reference that a recipe gives to models; names key random numbers, so that each must stand
/// for one reference.
class ModelNames {
 public:
  /// False when `name` already stands for another reference.
  bool add(const std::string& name, const ModelReference& reference);
  /// A model that has no name of its own (base_model).
  void add_reference(const ModelReference& reference);

  /// Reports `text` unless it is a name or a reference of the recipe.
  void require(const Cursor& at, const std::string& text, Findings& findings) const;
  /// The reference that the name stands for; null for text that is no name.
  [[nodiscard]] const ModelReference* find_name(const std::string& name) const;

 private:
  [[nodiscard]] std::vector<std::string> all() const;

  std::map<std::string, ModelReference> names_;
  std::map<std::string, ModelReference> references_;  // by text
};

}  // namespace stockpot::recipe
