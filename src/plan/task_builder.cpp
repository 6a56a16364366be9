#include "plan/task_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "stockpot/base/error.hpp"
#include "stockpot/method/survey.hpp"
#include "stockpot/recipe/lookup.hpp"

namespace stockpot::plan {
namespace {

bool copies_values(const method::ParameterValues& values, const recipe::MethodSchema& schema) {
  if (schema.name != "passthrough") return false;
  const auto scale = values.per_model.find("scale");
  return scale == values.per_model.end() || !scale->second.front().has_value();
}

}  // namespace

void TaskBuilder::error(const std::string& where, const std::string& message, const std::string& suggestion) {
  problems_.push_back({recipe::Severity::error, where, message, suggestion});
}
void TaskBuilder::recipe_error(const std::string& where, const std::string& message,
                               const std::string& suggestion) {
  recipe_at_fault_ = true;
  error(where, message, suggestion);
}
void TaskBuilder::warning(const std::string& where, const std::string& message) {
  problems_.push_back({recipe::Severity::warning, where, message, ""});
}

const checkpoint::StoredTensor& TaskBuilder::stored(const InputRef& input) const {
  return models_[input.model].checkpoint.tensors[view(input).parts.front().tensor];
}

std::string TaskBuilder::describe(const InputRef& input) const {
  const checkpoint::Checkpoint& checkpoint = models_[input.model].checkpoint;
  return fmt::format("{} {} in {}", name(view(input).dtype), to_string(view(input).shape),
                     checkpoint.files[stored(input).file].path.string());
}

std::optional<InputRef> TaskBuilder::find_input(const std::string& output_name,
                                                const Contribution& contribution) {
  const Model& model = models_[contribution.model];
  const auto found = model.find(contribution.tensor_name);
  if (!found) {
    const std::string which =
        output_name == contribution.tensor_name ? "" : " (for " + quote(output_name) + ")";
    error("tensor " + quote(contribution.tensor_name) + which,
          fmt::format("is missing in model {}, which other models of the merge have", quote(model.name)),
          "leave it out of the merge with exclude:, or rename with names:");
    return std::nullopt;
  }
  return InputRef{contribution.model, *found, false};
}

bool TaskBuilder::check_alike(const std::string& output_name, const std::vector<InputRef>& inputs) {
  const checkpoint::TensorView& first = view(inputs.front());
  for (const InputRef& input : inputs) {
    const checkpoint::TensorView& other = view(input);
    const bool same_kind = is_mergeable(first.dtype) ? is_mergeable(other.dtype) : first.dtype == other.dtype;
    if (same_kind && other.shape == first.shape) continue;
    const bool tokens = same_kind && differ_in_tokens(output_name, inputs.front(), input);
    if (tokens && recipe_.vocabulary != recipe::VocabularyPolicy::error) continue;
    error("tensor " + quote(output_name),
          fmt::format("does not fit together: {}, but {}", describe(inputs.front()), describe(input)),
          tokens ? "`vocabulary: common` merges the rows that all models have, `vocabulary: pad` all rows"
                 : "");
    return false;
  }
  return true;
}

DType TaskBuilder::output_dtype(const std::vector<InputRef>& inputs) const {
  if (dtype_) return *dtype_;
  if (recipe_.out_dtype) return *recipe_.out_dtype;
  if (recipe_.dtype) return *recipe_.dtype;
  const checkpoint::TensorView* own = &view(inputs.front());
  for (const InputRef& input : inputs) {
    if (input.model == config_model_) own = &view(input);
  }
  return is_output(own->dtype) && !own->is_scaled() ? own->dtype : DType::bf16;
}

void TaskBuilder::choose_kind(TensorTask& task, const std::vector<InputRef>& inputs, bool single_source) {
  const checkpoint::TensorView& first = view(inputs.front());
  if (!is_mergeable(first.dtype)) {
    task.kind = single_source ? TaskKind::copy : TaskKind::agree;
    task.bytewise = true;
    task.dtype = first.dtype;
    task.elements = tensor_bytes(first.dtype, first.shape).value_or(0);
    task.anchor.reset();
    task.inputs = inputs;
    if (!single_source && !is_integer(first.dtype)) {
      error("tensor " + quote(task.name),
            fmt::format("has dtype {}, which can be copied but not merged", name(first.dtype)),
            "take it from one model with exclude:");
    }
    // Tiles are a power of two of bytes, which elements of 6 bits never fill.
    const bool fills_bytes = 8 % bits(first.dtype) == 0 || bits(first.dtype) % 8 == 0;
    const bool whole = std::all_of(inputs.begin(), inputs.end(),
                                   [this](const InputRef& input) { return view(input).is_plain(); });
    if (!fills_bytes && !whole) {
      error("tensor " + quote(task.name),
            fmt::format("has dtype {}, which can't be cut or joined", name(first.dtype)),
            "leave it whole in names:");
    }
    return;
  }
  task.dtype = output_dtype(inputs);
  task.elements = first.elements();
  if (single_source) {
    task.kind = TaskKind::copy;
    const bool verbatim =
        first.is_plain() && (task.dtype == first.dtype ||
                             (!is_output(first.dtype) && !dtype_ && !recipe_.out_dtype && !recipe_.dtype));
    if (verbatim) {
      task.bytewise = true;
      task.dtype = first.dtype;
      task.elements = tensor_bytes(first.dtype, first.shape).value_or(0);
    }
  }
}

void TaskBuilder::copy(const std::string& output_name, std::uint32_t model) {
  const auto found = models_[model].find(output_name);
  if (!found) {
    error("tensor " + quote(output_name),
          fmt::format("is left out of the merge, but model {}, which it is kept from, has none",
                      quote(models_[model].name)),
          "name another model with keep_from:");
    return;
  }
  TensorTask task;
  task.name = output_name;
  task.inputs = {InputRef{model, *found, false}};
  task.shape = view(task.inputs.front()).shape;
  choose_kind(task, task.inputs, true);
  tasks_.push_back(std::move(task));
}

void TaskBuilder::merge(const std::string& output_name, const std::vector<Contribution>& contributions,
                        const std::optional<Contribution>& anchor, const Location& location) {
  std::vector<InputRef> inputs;
  for (const Contribution& contribution : contributions) {
    if (const auto input = find_input(output_name, contribution)) inputs.push_back(*input);
  }
  TensorTask task;
  task.name = output_name;
  task.inputs = inputs;
  if (anchor) {
    task.anchor = find_input(output_name, *anchor);
    if (task.anchor) inputs.push_back(*task.anchor);
  }
  if (inputs.size() != contributions.size() + (anchor ? 1 : 0) || inputs.empty()) return;
  if (!check_alike(output_name, inputs)) return;
  task.shape = view(inputs.front()).shape;
  const bool same_shape = std::all_of(inputs.begin(), inputs.end(),
                                      [&](const InputRef& input) { return view(input).shape == task.shape; });
  if (!same_shape) return merge_rows(output_name, inputs, contributions, location);
  const std::size_t problems_before = problems_.size();
  task.values = evaluate(output_name, contributions, location);
  // A base model that is only read beside the others has no say in what is made of them.
  if (!method_.schema().has_anchor()) inputs.resize(contributions.size());
  const bool single_source = inputs.size() == 1 && copies_values(task.values, method_.schema());
  choose_kind(task, inputs, single_source);
  if (task.kind == TaskKind::copy) task.anchor.reset();
  if (task.kind == TaskKind::merge) add_statistics(task, contributions, location);
  if (problems_.size() == problems_before) check_coefficients(task);
  finish_merge(task);
}

void TaskBuilder::finish_merge(TensorTask& task) {
  if (task.kind == TaskKind::merge) {
    const method::TensorContext context = context_of(task, models_, settings());
    task.owned_run = std::max<std::uint64_t>(1, std::min(method_.owned_run(context), task.elements));
    const std::uint64_t row =
        task.owned_run > 1 ? unit_elements(task, models_) : method_.row_elements(context);
    task.row_elements = std::max<std::uint64_t>(1, std::min(row, task.elements));
  }
  tasks_.push_back(std::move(task));
}

MergeSettings TaskBuilder::settings() const {
  return {recipe_.semantics, recipe_.scope.value_or(method_.default_scope(recipe_.semantics)), 0};
}

void TaskBuilder::check_coefficients(const TensorTask& task) {
  if (task.kind != TaskKind::merge) return;
  const method::TensorContext context = context_of(task, models_, settings());
  try {
    if (method_.needs_survey(context)) {
      method::ScopeContext scope;
      scope.name = task.name;
      scope.tensors = {context};
      static_cast<void>(method_.survey(scope));
    } else {
      static_cast<void>(method_.coefficients(context));
    }
  } catch (const Error& refusal) {
    if (std::find(refused_.begin(), refused_.end(), task.values) != refused_.end()) return;
    refused_.push_back(task.values);
    recipe_error("parameters", refusal.what());
  }
}

method::ParameterValues TaskBuilder::evaluate(const std::string& output_name,
                                              const std::vector<Contribution>& contributions,
                                              const Location& location) {
  method::ParameterValues values;
  recipe::Place place{recipe_, *location.module, location.slice, std::nullopt};
  for (const recipe::ParameterSpec& parameter : method_.schema().parameters) {
    if (parameter.kind == recipe::ParameterKind::choice) {
      values.words[parameter.name] = recipe::lookup_word(place, parameter);
    } else if (parameter.per_model) {
      auto& list = values.per_model[parameter.name];
      for (const Contribution& contribution : contributions) {
        place.source = contribution.source;
        list.push_back(recipe::lookup(place, parameter, contribution.tensor_name, location.depth));
        if (!list.back() && !parameter.optional) {
          recipe_error("tensor " + quote(output_name),
                       fmt::format("parameter {} is required and has no value for model {}",
                                   quote(parameter.name), quote(models_[contribution.model].name)));
        }
      }
    } else if (const auto value = recipe::lookup(place, parameter, output_name, location.depth)) {
      values.shared[parameter.name] = *value;
    } else if (!parameter.optional) {
      recipe_error("tensor " + quote(output_name),
                   "parameter " + quote(parameter.name) + " is required and has no value here");
    }
  }
  if (method_.schema().takes_examples) {
    auto& list = values.per_model["examples"];
    for (const Contribution& contribution : contributions) list.push_back(contribution.examples);
  }
  return values;
}

ResolvedMerge TaskBuilder::take() {
  ResolvedMerge result;
  std::set<std::string> told;
  for (recipe::Problem& problem : problems_) {
    if (told.insert(recipe::to_string(problem)).second) result.problems.push_back(std::move(problem));
  }
  result.code = recipe_at_fault_ ? ExitCode::usage : ExitCode::input;
  result.config_model = config_model_;
  result.vocabulary = vocabulary_;
  if (!recipe::has_errors(result.problems)) result.tasks = std::move(tasks_);
  return result;
}

}  // namespace stockpot::plan
