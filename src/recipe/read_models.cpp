#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "recipe/module_reader.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

constexpr std::int64_t most_checkpoints = std::int64_t{1} << 53;

std::vector<Hint> model_hints(const ParseContext& context) {
  std::vector<Hint> hints = context.parameter_hints();
  hints.push_back(
      {"layer_range", "layer ranges stand in `slices: [{sources: [{model: ..., layer_range: ...}]}]`"});
  hints.push_back({"lora", "write `model: {model: PATH, lora: ADAPTER}`"});
  hints.push_back({"revision", "write `model: PATH@REVISION`"});
  hints.push_back({"base_model", "`base_model` stands at the top level of the recipe"});
  return hints;
}

}  // namespace

void ModuleReader::read_models(const Cursor& at, Module& module) {
  const Levels levels{&module.parameters, &recipe_.parameters};
  if (at.is(YamlNode::Kind::mapping)) {
    module.trajectory = read_trajectory(at, levels);
    check_shared_parameters(at, levels);
    return;
  }
  std::set<std::string> taken;
  bool base_is_listed = false;
  for (const Cursor& item : read_list(at, context_.findings)) {
    const ModelEntry& entry = module.models.emplace_back(read_model(item));
    check_name(item, entry.name, entry.reference, taken);
    base_is_listed =
        base_is_listed || (recipe_.base_model && same_model(*recipe_.base_model, entry.reference));
    if (!item.is(YamlNode::Kind::mapping)) continue;  // reported already
    check_model_parameters(item, entry.name, entry.reference, recipe_.base_model,
                           {&entry.parameters, &module.parameters, &recipe_.parameters});
  }
  if (module.models.empty()) return;  // no list: reported already
  check_count(at, module.models.size(), base_is_listed);
  check_shared_parameters(at, levels);
}

ModelEntry ModuleReader::read_model(const Cursor& at) {
  ModelEntry entry;
  if (at.is(YamlNode::Kind::scalar)) {
    context_.findings.error(at, "expected a mapping, found " + quote(at.node->text),
                            "write `- model: REFERENCE`");
    return entry;
  }
  MappingReader reader(at, context_.findings);
  if (const auto model = reader.require("model")) {
    entry.reference = read_reference(*model, context_.findings).value_or(ModelReference{});
  }
  entry.name = read_name(reader.take("name"), entry.reference);
  if (const auto parameters = reader.take("parameters")) {
    entry.parameters = read_parameters(*parameters, Level::source, context_);
  }
  if (context_.method == nullptr || context_.method->takes_examples) {
    if (const auto examples = reader.take("examples")) {
      entry.examples = read_number(*examples, context_.findings);
      if (entry.examples && *entry.examples <= 0.0) {
        context_.findings.error(*examples, "the number of examples must be positive");
      }
    } else if (context_.method != nullptr && reader.is_mapping()) {
      context_.findings.error(at, "examples is missing for model " + quote(entry.name),
                              "write `examples: NUMBER` beside it");
    }
  } else {
    reader.refuse("examples", context_.method->name + " takes no number of examples");
  }
  read_statistics(at, reader, entry);
  reader.finish(model_hints(context_));
  return entry;
}

void ModuleReader::read_statistics(const Cursor& at, MappingReader& reader, ModelEntry& entry) {
  if (context_.method != nullptr && !context_.method->takes_statistics) {
    return reader.refuse("statistics", context_.method->name + " takes no statistics");
  }
  if (const auto statistics = reader.take("statistics")) {
    entry.statistics = read_text(*statistics, context_.findings).value_or("");
    if (entry.statistics.empty()) context_.findings.error(*statistics, "the path is empty");
  } else if (context_.method != nullptr && reader.is_mapping()) {
    context_.findings.error(at, "statistics is missing for model " + quote(entry.name),
                            "write `statistics: FILE` beside it");
  }
}

Trajectory ModuleReader::read_trajectory(const Cursor& at, const Levels& levels) {
  static constexpr std::array<std::pair<std::string_view, Schedule>, 3> schedules{
      {{"uniform", Schedule::uniform}, {"linear", Schedule::linear}, {"minus_sqrt", Schedule::minus_sqrt}}};
  Trajectory trajectory;
  MappingReader reader(at, context_.findings);
  if (reader.at().node->entries.front().key == "model") {
    context_.findings.error(at, "'models' takes a list (or a trajectory with `glob:`)",
                            "write `- model: REFERENCE`");
    return trajectory;
  }
  if (const auto glob = reader.require("glob")) {
    trajectory.glob = read_text(*glob, context_.findings).value_or("");
    if (trajectory.glob.empty()) context_.findings.error(*glob, "the glob is empty");
  }
  if (const auto every = reader.take("every")) {
    const auto value = read_integer(*every, 1, most_checkpoints, context_.findings);
    trajectory.every = static_cast<std::uint64_t>(value.value_or(1));
  }
  if (const auto last = reader.take("last")) {
    const auto value = read_integer(*last, 1, most_checkpoints, context_.findings);
    if (value) trajectory.last = static_cast<std::uint64_t>(*value);
  }
  if (const auto schedule = reader.take("schedule")) {
    trajectory.schedule =
        read_choice<Schedule>(*schedule, schedules, context_.findings).value_or(Schedule::uniform);
  }
  reader.finish(context_.parameter_hints());
  check_trajectory(at, trajectory, levels);
  return trajectory;
}

void ModuleReader::check_trajectory(const Cursor& at, const Trajectory& trajectory, const Levels& levels) {
  if (context_.method == nullptr) return;
  const MethodSchema& method = *context_.method;
  if (method.takes_examples) {
    context_.findings.error(at, method.name + " needs `examples:` on each model, a trajectory has none");
  }
  if (method.takes_statistics) {
    context_.findings.error(at, method.name + " needs `statistics:` on each model, a trajectory has none");
  }
  const bool takes_weights =
      std::any_of(method.parameters.begin(), method.parameters.end(),
                  [](const ParameterSpec& p) { return p.per_model && p.name == "weight"; });
  if (!takes_weights && trajectory.schedule != Schedule::uniform) {
    context_.findings.error(at, method.name + " takes no weights that a schedule could set");
  }
  for (const ParameterSpec& parameter : method.parameters) {
    if (parameter.per_model && parameter.name == "weight") {
      if (is_given(parameter, levels)) {
        context_.findings.error(at, "the schedule sets the weights of a trajectory",
                                "remove `weight` from `parameters:`");
      }
      continue;
    }
    if (parameter.per_model && is_missing(parameter, levels)) {
      context_.findings.error(at, parameter.name + " is missing for the trajectory's models",
                              "write `parameters: {" + parameter.name + ": ...}` at the top level");
    }
  }
}

}  // namespace stockpot::recipe
