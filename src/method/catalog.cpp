#include "stockpot/method/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "method/sparsified.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::method {

#define STOCKPOT_METHOD(name) std::unique_ptr<Method> make_##name();
#include "method/methods.def"
#undef STOCKPOT_METHOD

namespace {

std::vector<std::unique_ptr<Method>> make_all() {
  std::vector<std::unique_ptr<Method>> methods;
#define STOCKPOT_METHOD(name) methods.push_back(make_##name());
#include "method/methods.def"
#undef STOCKPOT_METHOD
  return methods;
}

/// Soups that only a search can make.
const recipe::Schema& searched_soups() {
  static const recipe::Schema soups = [] {
    recipe::MethodSchema greedy;
    greedy.name = "greedy_soup";
    greedy.summary = "mean of those models that a greedy search keeps (`stockpot soup`)";
    greedy.strategy = recipe::Strategy::greedy;
    greedy.needs_search = true;
    recipe::MethodSchema learned;
    learned.name = "learned_soup";
    learned.summary = "convex combination of the models, learned by gradient descent (`stockpot soup`)";
    learned.strategy = recipe::Strategy::learned;
    learned.needs_search = true;
    return recipe::Schema{greedy, learned};
  }();
  return soups;
}

std::string default_text(const recipe::ParameterSpec& parameter) {
  if (!parameter.choices.empty()) return parameter.choices.front();
  if (!parameter.default_value) return parameter.optional ? "none" : "required";
  if (parameter.kind == recipe::ParameterKind::boolean)
    return *parameter.default_value != 0.0 ? "true" : "false";
  return fmt::format("{}", *parameter.default_value);
}

std::string parameters_text(const recipe::MethodSchema& schema) {
  std::string text;
  for (const recipe::ParameterSpec& parameter : schema.parameters) {
    text += fmt::format("{}`{}` ({}{})", text.empty() ? "" : ", ", parameter.name, default_text(parameter),
                        parameter.per_model ? ", per model" : "");
  }
  if (schema.takes_examples)
    text += fmt::format("{}`examples` on each model (required)", text.empty() ? "" : ", ");
  return text.empty() ? "-" : text;
}

}  // namespace

const std::vector<const Method*>& catalog() {
  static const std::vector<std::unique_ptr<Method>> owners = make_all();
  static const std::vector<const Method*> methods = [] {
    std::vector<const Method*> list;
    for (const auto& method : owners) list.push_back(method.get());
    return list;
  }();
  return methods;
}

const Method* find_method(std::string_view name) {
  const auto& soups = searched_soups();
  if (std::any_of(soups.begin(), soups.end(), [name](const auto& soup) { return soup.name == name; })) {
    return find_method("uniform_soup");
  }
  const auto& methods = catalog();
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [name](const Method* m) { return m->schema().name == name; });
  return found == methods.end() ? nullptr : *found;
}

std::shared_ptr<const Method> method_of(const recipe::Recipe& recipe) {
  const Method* const method = find_method(recipe.method);
  if (recipe.sparsify) return make_sparsified(*method, *recipe.sparsify, recipe.scope);
  return {std::shared_ptr<const Method>(), method};  // the catalog's own
}

void require_mergeable(const recipe::Recipe& recipe, const std::string& file) {
  const auto found = std::find_if(schema().begin(), schema().end(),
                                  [&](const recipe::MethodSchema& m) { return m.name == recipe.method; });
  if (found != schema().end() && found->needs_search) {
    throw Error(ExitCode::usage, recipe.method + " is found by a search: use `stockpot soup`", {file, ""});
  }
  if (recipe.searched_parameters.empty()) return;
  const std::string& parameter = *recipe.searched_parameters.begin();
  throw Error(ExitCode::usage,
              fmt::format("{} has no value but those that the search tries: use `stockpot soup`, or write "
                          "`parameters: {{{}: ...}}`",
                          parameter, parameter),
              {file, ""});
}

const recipe::Schema& schema() {
  static const recipe::Schema all = [] {
    recipe::Schema list;
    for (const Method* method : catalog()) {
      list.push_back(method->schema());
      if (method->schema().name == "uniform_soup") {
        list.insert(list.end(), searched_soups().begin(), searched_soups().end());
      }
    }
    return list;
  }();
  return all;
}

std::string method_table() {
  std::string table =
      "| method | what it computes | parameters (default) | base model |\n|---|---|---|---|\n";
  for (const recipe::MethodSchema& method : schema()) {
    table += fmt::format("| `{}` | {} | {} | {} |\n", method.name, method.summary, parameters_text(method),
                         method.needs_base_model   ? "required"
                         : method.takes_base_model ? "optional"
                                                   : "-");
  }
  return table;
}

}  // namespace stockpot::method
