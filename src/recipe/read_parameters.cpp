#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "recipe/parse_context.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

/// Parameters that mergekit's users write out of habit and that change no result here.
bool has_no_effect(const std::string& method, const std::string& parameter) {
  if (parameter == "int8_mask") return true;  // a memory setting of mergekit's
  return method == "task_arithmetic" && (parameter == "density" || parameter == "rescale");
}

const ParameterSpec* find_parameter(const MethodSchema& method, const std::string& name) {
  const auto found = std::find_if(method.parameters.begin(), method.parameters.end(),
                                  [&](const ParameterSpec& p) { return p.name == name; });
  return found == method.parameters.end() ? nullptr : &*found;
}

/// A number or a list of numbers; empty when something was reported.
Gradient read_gradient(const Cursor& at, Findings& findings) {
  if (!at.is(YamlNode::Kind::sequence)) {
    const std::optional<double> value = read_number(at, findings);
    return value ? Gradient{*value} : Gradient{};
  }
  if (at.node->items.empty()) findings.error(at, "an empty list has no value");
  Gradient gradient;
  bool is_whole = true;
  for (const Cursor& item : read_list(at, findings)) {
    if (const std::optional<double> value = read_number(item, findings)) {
      gradient.push_back(*value);
    } else {
      is_whole = false;
    }
  }
  return is_whole ? gradient : Gradient{};
}

std::optional<Setting::Condition> read_condition(const Cursor& at, Findings& findings) {
  MappingReader reader(at, findings);
  Setting::Condition condition;
  if (const auto filter = reader.take("filter")) condition.filter = read_text(*filter, findings);
  if (const auto value = reader.require("value")) condition.value = read_gradient(*value, findings);
  reader.finish();
  if (condition.value.empty()) return std::nullopt;
  return condition;
}

std::optional<Setting> read_conditions(const Cursor& at, Findings& findings) {
  std::vector<Setting::Condition> conditions;
  bool is_whole = true;
  bool is_covered = false;
  for (const Cursor& item : read_list(at, findings)) {
    if (is_covered) findings.warning(item, "never used: an earlier entry of the list fits every tensor");
    std::optional<Setting::Condition> condition = read_condition(item, findings);
    if (!condition) {
      is_whole = false;
      continue;
    }
    is_covered = is_covered || !condition->filter || *condition->filter == "*";
    conditions.push_back(std::move(*condition));
  }
  if (!is_whole || conditions.empty()) return std::nullopt;
  return Setting::conditions(std::move(conditions));
}

std::optional<Setting> read_numeric(const Cursor& at, Findings& findings) {
  if (at.is(YamlNode::Kind::null)) {
    findings.error(at, "has no value", "write a number, or remove the key");
    return std::nullopt;
  }
  if (at.is(YamlNode::Kind::mapping)) {
    findings.error(at, "a condition must be an entry of a list", "write `[{filter: ..., value: ...}]`");
    return std::nullopt;
  }
  if (at.is(YamlNode::Kind::sequence)) {
    const auto& items = at.node->items;
    const auto mappings = std::count_if(items.begin(), items.end(), [](const YamlNode* node) {
      return node->kind == YamlNode::Kind::mapping;
    });
    if (mappings > 0 && static_cast<std::size_t>(mappings) < items.size()) {
      findings.error(at, "a list must hold numbers only or conditions only",
                     "write the last resort as `{value: ...}`, without a filter");
      return std::nullopt;
    }
    if (mappings > 0) return read_conditions(at, findings);
  }
  Gradient gradient = read_gradient(at, findings);
  if (gradient.empty()) return std::nullopt;
  return Setting::gradient(std::move(gradient));
}

std::optional<Setting> read_word(const Cursor& at, const ParameterSpec& parameter, Findings& findings) {
  const std::optional<std::string> word = read_text(at, findings);
  if (!word) return std::nullopt;
  if (std::find(parameter.choices.begin(), parameter.choices.end(), *word) == parameter.choices.end()) {
    report_choice(at, *word, parameter.choices, findings);
    return std::nullopt;
  }
  return Setting::word(*word);
}

/// Without a specification (unknown method) a word may be meant, and passes.
std::optional<Setting> read_setting(const Cursor& at, const ParameterSpec* parameter, Findings& findings) {
  if (parameter != nullptr && parameter->kind == ParameterKind::choice)
    return read_word(at, *parameter, findings);
  if (parameter == nullptr && at.is(YamlNode::Kind::scalar)) return std::nullopt;
  return read_numeric(at, findings);
}

void check_values(const Cursor& at, const Setting& setting, const ParameterSpec& parameter,
                  Findings& findings) {
  for (const double value : setting.numbers()) {
    if (parameter.kind == ParameterKind::boolean && value != 0.0 && value != 1.0) {
      findings.error(at, fmt::format("{} is true or false, not {}", parameter.name, value));
      return;
    }
    if (parameter.minimum && value < *parameter.minimum) {
      findings.error(
          at, fmt::format("{} must be at least {}, not {}", parameter.name, *parameter.minimum, value));
      return;
    }
    if (parameter.maximum && value > *parameter.maximum) {
      findings.error(at,
                     fmt::format("{} must be at most {}, not {}", parameter.name, *parameter.maximum, value));
      return;
    }
  }
}

void report_unknown(const Cursor& at, const YamlEntry& entry, const ParseContext& context) {
  const std::string& method = context.method->name;
  const std::string path = at.entry(entry).path;
  if (has_no_effect(method, entry.key)) {
    context.findings.add(Severity::warning, entry.line, path, entry.key + " has no effect in " + method);
    return;
  }
  const std::string suggestion =
      context.findings.is_full() ? std::string{} : suggest(entry.key, context.parameter_names());
  context.findings.ignored(entry.line, path, method + " has no parameter " + quote(entry.key), suggestion);
}

}  // namespace

std::vector<std::string> ParseContext::parameter_names() const {
  std::set<std::string> names;
  for (const MethodSchema& candidate : schema) {
    if (method != nullptr && &candidate != method) continue;
    for (const ParameterSpec& parameter : candidate.parameters) names.insert(parameter.name);
  }
  return {names.begin(), names.end()};
}

std::vector<Hint> ParseContext::parameter_hints() const {
  std::vector<Hint> hints;
  for (const std::string& name : parameter_names()) {
    hints.push_back({name, "write `parameters: {" + name + ": ...}`"});
  }
  return hints;
}

Parameters read_parameters(const Cursor& at, Level level, const ParseContext& context) {
  Parameters parameters;
  const MappingReader reader(at, context.findings);
  for (const YamlEntry& entry : at.node->entries) {
    const Cursor value = at.entry(entry);
    const ParameterSpec* parameter =
        context.method != nullptr ? find_parameter(*context.method, entry.key) : nullptr;
    if (context.method != nullptr && parameter == nullptr) {
      report_unknown(at, entry, context);
      continue;
    }
    if (parameter != nullptr && level == Level::source && !parameter->per_model) {
      context.findings.ignored(entry.line, value.path, entry.key + " is not a parameter of single models",
                               "write it in the `parameters:` at the top level of the recipe");
      continue;
    }
    std::optional<Setting> setting = read_setting(value, parameter, context.findings);
    if (setting && parameter != nullptr) check_values(value, *setting, *parameter, context.findings);
    parameters.emplace(entry.key, setting ? std::move(*setting) : Setting::number(1.0));
  }
  return parameters;
}

}  // namespace stockpot::recipe
