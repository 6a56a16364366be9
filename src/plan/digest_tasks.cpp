#include "plan/digest_tasks.hpp"

#include <utility>

namespace stockpot::plan {
namespace {

/// True if the task's bytes of this input are the stored tensor's, all of them in their order.
bool reads_whole_tensor(const TensorTask& task, const InputRef& input, const checkpoint::TensorView& view) {
  return view.is_plain() && input.first_element == 0 && (task.bytewise || task.elements == view.elements());
}

}  // namespace

void add_digest_tasks(std::vector<TensorTask>& tasks, const ModelSet& models) {
  if (tasks.empty()) return;
  std::vector<std::vector<bool>> digested;
  for (const Model& model : models) digested.emplace_back(model.checkpoint.tensors.size(), false);
  std::vector<bool> contributes(models.size(), false);
  const auto claim = [&](const TensorTask& task, InputRef& input) {
    contributes[input.model] = true;
    const checkpoint::TensorView& view = models[input.model].views[input.view];
    if (!reads_whole_tensor(task, input, view)) return;
    const std::uint32_t stored = view.parts.front().tensor;
    input.digests = !digested[input.model][stored];
    digested[input.model][stored] = true;
  };
  for (TensorTask& task : tasks) {
    for (InputRef& input : task.inputs) claim(task, input);
    if (task.anchor) claim(task, *task.anchor);
  }
  for (std::uint32_t m = 0; m < models.size(); ++m) {
    for (std::uint32_t t = 0; t < digested[m].size(); ++t) {
      if (digested[m][t] || !contributes[m]) continue;
      TensorTask task;
      task.kind = TaskKind::digest;
      task.name = models[m].checkpoint.tensors[t].name;
      task.bytewise = true;
      task.elements = models[m].checkpoint.tensors[t].bytes;
      task.inputs = {InputRef{m, t, true}};
      tasks.push_back(std::move(task));
    }
  }
}

}  // namespace stockpot::plan
