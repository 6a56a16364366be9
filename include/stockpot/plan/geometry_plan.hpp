#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/plan/model_set.hpp"
#include "stockpot/plan/task.hpp"
#include "stockpot/stats/geometry_sums.hpp"

namespace stockpot::plan {

/// Which of a task's inputs are measured, as indices into all_inputs(task).
struct MeasuredTask {
  std::uint32_t tensor = 0;           ///< index into GeometryPlan::tensors
  std::vector<std::uint32_t> models;  ///< recipe order, without the base model
  std::optional<std::uint32_t> base;
};

struct MeasuredTensor {
  std::string name;
  std::uint64_t elements = 0;
};

/// Whose geometry is measured while tasks are worked through.
struct GeometryPlan {
  std::vector<std::string> models;  ///< names of the recipe's models without the base model, in its order
  std::optional<std::string> base_model;
  std::vector<MeasuredTensor> tensors;            ///< bytewise order of their names
  std::vector<std::optional<MeasuredTask>> task;  ///< by task; none: not measured

  [[nodiscard]] stats::GeometryLayout layout() const { return {models.size(), base_model.has_value()}; }
};

/// Finds the floating tensors that tasks of kind merge or measure make of all models. Of a tensor whose
/// models have different numbers of rows, the rows that all have. Pure. Throws Error{usage} for recipes with
/// slices or several modules, for one without a model beside the base model, and for a tensor that the merge
/// copies from one model or makes of others than the recipe's.
GeometryPlan plan_geometry(const recipe::Recipe& recipe, const std::vector<TensorTask>& tasks,
                           const ModelSet& models);

/// Resident bytes that a rank's sums may take, at most.
std::uint64_t geometry_bytes(const GeometryPlan& plan, int threads);

}  // namespace stockpot::plan
