#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "plan/row_blocks.hpp"
#include "plan/task_builder.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/checkpoint/vocabulary_names.hpp"

namespace stockpot::plan {

bool TaskBuilder::differ_in_tokens(const std::string& output_name, const InputRef& a,
                                   const InputRef& b) const {
  if (!is_mergeable(view(a).dtype) || !checkpoint::is_vocabulary_tensor(output_name)) return false;
  const Shape& one = view(a).shape;
  const Shape& other = view(b).shape;
  return !one.empty() && one.size() <= 2 && one.size() == other.size() &&
         std::equal(one.begin() + 1, one.end(), other.begin() + 1);
}

void TaskBuilder::merge_rows(const std::string& output_name, const std::vector<InputRef>& inputs,
                             const std::vector<Contribution>& contributions, const Location& location) {
  if (method_.schema().takes_statistics) {
    return error("tensor " + quote(output_name),
                 "its models have different numbers of tokens, and statistics can't be cut",
                 "leave it out of the merge with exclude:");
  }
  std::vector<std::uint64_t> row_counts;
  for (const InputRef& input : inputs) row_counts.push_back(view(input).shape.front());
  std::vector<HeldRows> blocks = cut_rows(row_counts, recipe_.vocabulary);
  Shape shape = view(inputs.front()).shape;
  shape.front() = blocks.back().end;
  note_vocabulary(shape, inputs);
  const std::uint64_t row_elements = shape.size() > 1 ? shape[1] : 1;
  // Rows of nothing are the same rows whoever has them.
  if (row_elements == 0) blocks = {{0, shape.front(), blocks.front().holders}};
  for (const HeldRows& rows : blocks) {
    TensorTask task;
    task.name = output_name;
    task.dtype = output_dtype(inputs);
    task.shape = shape;
    task.shape.front() = rows.end - rows.first;
    task.elements = task.shape.front() * row_elements;
    const bool of_all_models = rows.holders.size() == inputs.size();
    if (blocks.size() > 1 || !of_all_models) {
      task.block = RowBlock{shape, rows.first * row_elements, of_all_models};
    }
    std::vector<Contribution> own;
    for (const std::size_t holder : rows.holders) {
      InputRef input = inputs[holder];
      input.first_element = rows.first * row_elements;
      if (holder < contributions.size()) {
        task.inputs.push_back(input);
        own.push_back(contributions[holder]);
      } else {
        task.anchor = input;
      }
    }
    if (complete_rows(task, rows, inputs.size() > contributions.size(), own, location)) finish_merge(task);
  }
}

bool TaskBuilder::complete_rows(TensorTask& task, const HeldRows& rows, bool has_anchor,
                                const std::vector<Contribution>& contributions, const Location& location) {
  const std::size_t sources = all_inputs(task).size();
  const bool enough = sources >= method_.schema().minimum_models;
  if (task.inputs.empty() || (sources == 1 && !has_anchor && !enough)) {
    // Rows that one model alone has, and nothing to merge them with.
    task.inputs = all_inputs(task);
    task.anchor.reset();
    task.kind = TaskKind::copy;
    return true;
  }
  const bool lacks_anchor = has_anchor && !task.anchor;
  if (lacks_anchor || !enough) {
    error("tensor " + quote(task.name),
          fmt::format("rows {} to {} stand in {} of the models{}, and {} can't make them of these",
                      rows.first, rows.end - 1, task.inputs.size(),
                      lacks_anchor ? " but not in the base model" : "", method_.schema().name),
          "write `vocabulary: common`");
    return false;
  }
  const std::size_t problems_before = problems_.size();
  task.values = evaluate(task.name, contributions, location);
  if (problems_.size() == problems_before) check_coefficients(task);
  return true;
}

void TaskBuilder::note_vocabulary(const Shape& shape, const std::vector<InputRef>& inputs) {
  if (shape.size() == 2) vocabulary_ = std::max(vocabulary_.value_or(0), shape.front());
  if (recipe_.tokenizer_source) return;
  for (const InputRef& input : inputs) {
    const std::uint64_t own = view(input).shape.front();
    if (input.model != config_model_ || own == shape.front()) continue;
    warning("vocabulary",
            fmt::format("the output has {} rows of tokens but keeps the tokenizer of {}, which has "
                        "{}; tokenizer_source: picks another model's",
                        shape.front(), quote(models_[input.model].name), own));
  }
}

}  // namespace stockpot::plan
