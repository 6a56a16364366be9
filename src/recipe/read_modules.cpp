#include <fmt/format.h>

#include <algorithm>

#include "recipe/module_reader.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

/// A list without items counts as absent.
bool has_content(const std::optional<Cursor>& at) {
  return at && !(at->is(YamlNode::Kind::sequence) && at->node->items.empty()) &&
         !(at->is(YamlNode::Kind::mapping) && at->node->entries.empty());
}

}  // namespace

std::vector<Module> ModuleReader::read(MappingReader& recipe) {
  const std::optional<Cursor> models = recipe.take("models");
  const std::optional<Cursor> slices = recipe.take("slices");
  const std::optional<Cursor> modules = recipe.take("modules");
  const int given = int{has_content(models)} + int{has_content(slices)} + int{has_content(modules)};
  if (given == 0 && recipe.is_mapping()) {
    context_.findings.error(recipe.at(), "one of 'models', 'slices' and 'modules' must name the inputs");
  }
  if (given > 1) {
    context_.findings.error(recipe.at(), "only one of 'models', 'slices' and 'modules' may be given");
  }
  if (has_content(modules)) return read_modules(*modules);
  std::vector<Module> whole(1);
  read_body(has_content(models) ? models : std::nullopt, has_content(slices) ? slices : std::nullopt,
            whole[0]);
  return whole;
}

std::vector<Module> ModuleReader::read_modules(const Cursor& at) {
  std::vector<Module> modules;
  const MappingReader outer(at, context_.findings);
  for (const YamlEntry& entry : at.node->entries) {
    Module& module = modules.emplace_back();
    module.name = entry.key;
    const Cursor where = at.entry(entry);
    if (entry.key.empty()) context_.findings.error(where, "a module needs a name");
    MappingReader reader(where, context_.findings);
    if (const auto parameters = reader.take("parameters")) {
      module.parameters = read_parameters(*parameters, Level::shared, context_);
    }
    const std::optional<Cursor> models = reader.take("models");
    const std::optional<Cursor> slices = reader.take("slices");
    if (reader.is_mapping() && has_content(models) == has_content(slices)) {
      context_.findings.error(where, "exactly one of 'models' and 'slices' must name the module's inputs");
    }
    read_body(has_content(models) ? models : std::nullopt, has_content(slices) ? slices : std::nullopt,
              module);
    reader.finish(context_.parameter_hints());
  }
  return modules;
}

void ModuleReader::read_body(const std::optional<Cursor>& models, const std::optional<Cursor>& slices,
                             Module& module) {
  if (models) read_models(*models, module);
  if (slices) read_slices(*slices, module);
}

std::string ModuleReader::read_name(const std::optional<Cursor>& at, const ModelReference& reference) {
  if (!at) return reference.text;
  std::string name = read_text(*at, context_.findings).value_or("");
  if (name.empty() && at->is(YamlNode::Kind::scalar)) context_.findings.error(*at, "the name is empty");
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    context_.findings.error(*at, "a control character in a name");
    return reference.text;
  }
  return name.empty() ? reference.text : name;
}

void ModuleReader::check_name(const Cursor& at, const std::string& name, const ModelReference& reference,
                              std::set<std::string>& taken) {
  if (reference.text.empty()) return;  // reported already
  if (!taken.insert(name).second) {
    context_.findings.error(at, "model " + quote(name) + " is listed twice",
                            "give each entry a `name:` of its own");
    return;
  }
  if (!names_.add(name, reference)) {
    context_.findings.error(at, "the name " + quote(name) + " already stands for another model");
  }
}

bool ModuleReader::is_required(const ParameterSpec& parameter) const {
  const bool has_default = parameter.default_value.has_value() ||
                           (recipe_.semantics == Semantics::paper && parameter.paper_default.has_value());
  return parameter.kind != ParameterKind::choice && !has_default && !parameter.optional;
}

bool ModuleReader::is_given(const ParameterSpec& parameter, const Levels& levels) {
  return std::any_of(levels.begin(), levels.end(),
                     [&](const Parameters* level) { return level->count(parameter.name) != 0; });
}

bool ModuleReader::is_missing(const ParameterSpec& parameter, const Levels& levels) {
  if (!is_required(parameter) || is_given(parameter, levels)) return false;
  if (context_.searched.count(parameter.name) == 0) return true;
  left_to_search_.insert(parameter.name);
  return false;
}

bool ModuleReader::base_is_anchor() const {
  return context_.method != nullptr && context_.method->has_anchor();
}

void ModuleReader::check_count(const Cursor& at, std::size_t listed, bool base_is_listed) {
  if (context_.method == nullptr) return;
  const std::size_t count = listed + (base_is_anchor() && recipe_.base_model && !base_is_listed ? 1 : 0);
  const std::size_t minimum = context_.method->minimum_models;
  const std::size_t maximum = context_.method->maximum_models;
  if (count >= minimum && (maximum == 0 || count <= maximum)) return;
  const std::string takes = maximum == 0         ? fmt::format("at least {}", minimum)
                            : minimum == maximum ? fmt::format("exactly {}", minimum)
                                                 : fmt::format("{} to {}", minimum, maximum);
  context_.findings.error(at, fmt::format("{} takes {} model{}, not {}{}", context_.method->name, takes,
                                          minimum == 1 && maximum <= 1 ? "" : "s", count,
                                          count != listed ? " (the base_model included)" : ""));
}

void ModuleReader::check_shared_parameters(const Cursor& at, const Levels& levels) {
  if (context_.method == nullptr) return;
  for (const ParameterSpec& parameter : context_.method->parameters) {
    if (parameter.per_model || !is_missing(parameter, levels)) continue;
    context_.findings.error(at,
                            fmt::format("{} needs the parameter {}", context_.method->name, parameter.name),
                            "write `parameters: {" + parameter.name + ": ...}` at the top level");
  }
}

void ModuleReader::check_model_parameters(const Cursor& at, const std::string& name,
                                          const ModelReference& reference,
                                          const std::optional<ModelReference>& base, const Levels& levels) {
  if (context_.method == nullptr) return;
  if (base_is_anchor() && base && same_model(*base, reference)) return;
  for (const ParameterSpec& parameter : context_.method->parameters) {
    if (!parameter.per_model || !is_missing(parameter, levels)) continue;
    context_.findings.error(
        at, parameter.name + " is missing for " + (name.empty() ? "this model" : "model " + quote(name)),
        "write `parameters: {" + parameter.name + ": ...}` beside it");
  }
}

}  // namespace stockpot::recipe
