#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/method/survey.hpp"
#include "stockpot/plan/partition.hpp"
#include "stockpot/plan/task.hpp"

namespace stockpot::plan {

/// Tasks whose tensors are surveyed together, and which rows of the grid hold parts of them.
struct ScopeGroup {
  recipe::Scope kind = recipe::Scope::tensor;
  std::string name;
  std::vector<std::uint32_t> tasks;  ///< bytewise order of the tensors' names
  std::uint64_t first_row = 0;
  std::uint64_t last_row = 0;
  method::SurveyCost cost;                                 ///< the dearest of its tensors'; reductions aside
  std::vector<std::vector<method::Reduction>> reductions;  ///< by task, in their order

  [[nodiscard]] bool is_shared_by_rows() const { return first_row != last_row; }
};

/// Where a task stands among the scopes.
struct ScopePlace {
  std::uint32_t scope = 0;
  std::uint32_t position = 0;  ///< in ScopeGroup::tasks
};

struct ScopeGroups {
  std::vector<ScopeGroup> groups;
  std::vector<std::optional<ScopePlace>> place;  ///< by task; none: the task needs no survey
  std::uint64_t most_shared_by_a_row = 0;        ///< scopes of one row that other rows share
};

/// Groups the tasks that need a survey by tensor, layer or model, in the order of their first tasks.
ScopeGroups group_scopes(const std::vector<TensorTask>& tasks, const ModelSet& models,
                         const method::Method& method, const MergeSettings& settings);

/// Notes which rows hold parts of which group.
void place_scopes(ScopeGroups& scopes, const std::vector<std::vector<Piece>>& pieces);

}  // namespace stockpot::plan
