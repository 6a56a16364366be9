#include "method/rescale_stage.hpp"

#include <algorithm>
#include <array>

#include "method/l1_factor.hpp"
#include "stockpot/kernel/sums.hpp"

namespace stockpot::method {

RescaleStage::RescaleStage(const ScopeContext& scope)
    : models_(scope.tensors.front().models), sums_(scope.leaf_count(), rescale_width(models_)) {
  for (std::size_t t = 0; t < scope.tensors.size(); ++t) first_leaf_.push_back(scope.first_leaf(t));
}

void RescaleStage::take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) {
  std::array<double, leaf_elements> entries{};
  std::vector<double> sums;
  for (std::uint64_t done = 0; done < tile.count; done += leaf_elements) {
    const std::uint64_t first = tile.first + done;
    const std::uint64_t count = std::min(leaf_elements, tile.count - done);
    for (std::size_t model = 0; model < models_; ++model) {
      for (const bool sparse : {false, true}) {
        std::vector<SparseRule> alone(models_);
        for (SparseRule& rule : alone) rule.drops_all = true;
        alone[model] = sparse ? rules[model] : SparseRule{};
        std::fill(entries.begin(), entries.end(), 0.0);
        for_each_piece(alone, tile, first, count, leaf_elements,
                       [&](std::uint64_t piece, std::uint64_t elements,
                           std::span<const kernel::SparsePart> parts, kernel::TypedInput anchor) {
                         if (parts.empty()) return;
                         kernel::sparsified(parts.front(), anchor, elements,
                                            entries.data() + (piece - first));
                       });
        sums.push_back(kernel::absolute_sum({entries.data(), count}));
      }
    }
  }
  const std::lock_guard lock(mutex_);
  sums_.add(first_leaf_[tensor] + tile.first / leaf_elements, sums);
}

void RescaleStage::end_round(stats::Reducer& reducer) {
  const std::vector<double> norms = reducer.total(sums_);
  for (std::size_t model = 0; model < models_; ++model) {
    factors_.push_back(l1_factor(norms[2 * model], norms[2 * model + 1]));
  }
}

void RescaleStage::refine(std::size_t, std::vector<SparseRule>& rules) const {
  for (std::size_t model = 0; model < models_; ++model) rules[model].factor = factors_[model];
}

}  // namespace stockpot::method
