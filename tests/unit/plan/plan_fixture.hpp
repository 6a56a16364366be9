#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/plan/merge_plan.hpp"
#include "stockpot/plan/resolve.hpp"

namespace stockpot::plan {

/// Headers of a model, made in memory.
class Headers {
 public:
  explicit Headers(std::string reference) {
    checkpoint_.reference = reference;
    checkpoint_.files.push_back({reference + "/model.safetensors", {}});
  }
  Headers& add(const std::string& name, DType dtype, const Shape& shape) {
    const std::uint64_t size = tensor_bytes(dtype, shape).value();
    checkpoint_.tensors.push_back({name, dtype, shape, 0, offset_, size});
    offset_ += size;
    return *this;
  }
  Headers& tie(const std::string& absent, const std::string& stored) {
    checkpoint_.aliases[absent] = stored;
    return *this;
  }
  /// A small decoder: embedding, layers, final norm and head, of bf16.
  Headers& decoder(int layers, DType dtype = DType::bf16) {
    add("model.embed_tokens.weight", dtype, {32, 8});
    for (int layer = 0; layer < layers; ++layer) {
      add(fmt::format("model.layers.{}.attn.weight", layer), dtype, {8, 8});
      add(fmt::format("model.layers.{}.mlp.weight", layer), dtype, {16, 8});
    }
    return add("model.norm.weight", dtype, {8}).add("lm_head.weight", dtype, {32, 8});
  }
  [[nodiscard]] checkpoint::Checkpoint checkpoint() const {
    checkpoint::Checkpoint sorted = checkpoint_;
    std::sort(sorted.tensors.begin(), sorted.tensors.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return sorted;
  }

 private:
  checkpoint::Checkpoint checkpoint_;
  std::uint64_t offset_ = 0;
};

/// A recipe, its method and the models that it names.
struct Planning {
  recipe::Recipe recipe;
  const method::Method* method = nullptr;
  ModelSet models;

  [[nodiscard]] ResolvedMerge resolve(std::optional<DType> dtype = std::nullopt) const {
    return plan::resolve(recipe, *method, models, dtype);
  }
  Digest job(const PlanOptions& options) const { return job_digest(recipe, make(options), models); }
  MergePlan make(const PlanOptions& options) const {
    return make_plan(recipe, *method, resolve(), models, options);
  }
};

inline Planning planning(const std::string& text, const std::vector<Headers>& headers) {
  recipe::ParsedRecipe parsed = recipe::parse_recipe(text, method::schema(), false);
  for (const recipe::Problem& problem : parsed.problems) ADD_FAILURE() << recipe::to_string(problem);
  Planning result{std::move(parsed.recipe.value()), nullptr, {}};
  result.method = method::find_method(result.recipe.method);
  for (const ModelUse& use : models_of(result.recipe)) {
    for (const Headers& header : headers) {
      checkpoint::Checkpoint checkpoint = header.checkpoint();
      if (checkpoint.reference != use.reference.text) continue;
      result.models.push_back(make_model(use, std::move(checkpoint), result.recipe.names));
    }
  }
  return result;
}

inline const TensorTask* find_task(const std::vector<TensorTask>& tasks, const std::string& name) {
  const auto found = std::find_if(tasks.begin(), tasks.end(),
                                  [&](const TensorTask& task) { return task.writes() && task.name == name; });
  return found == tasks.end() ? nullptr : &*found;
}

inline std::vector<std::string> output_names(const std::vector<TensorTask>& tasks) {
  std::vector<std::string> names;
  for (const TensorTask& task : tasks) {
    if (task.writes()) names.push_back(task.name);
  }
  return names;
}

/// "model:stored tensor" of all that a task reads, in order.
inline std::vector<std::string> sources(const Planning& planning, const TensorTask& task) {
  std::vector<std::string> list;
  for (const InputRef& input : all_inputs(task)) {
    const Model& model = planning.models[input.model];
    const std::uint32_t stored =
        task.kind == TaskKind::digest ? input.view : model.views[input.view].parts.front().tensor;
    list.push_back(model.name + ":" + model.checkpoint.tensors[stored].name);
  }
  return list;
}

/// As the lines that a user sees.
inline std::vector<std::string> texts(const std::vector<recipe::Problem>& problems) {
  std::vector<std::string> list;
  for (const recipe::Problem& problem : problems) list.push_back(recipe::to_string(problem));
  return list;
}

}  // namespace stockpot::plan
