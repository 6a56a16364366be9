#include "method/energy_stage.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/kernel/sums.hpp"

namespace stockpot::method {

EnergyStage::EnergyStage(const ScopeContext& scope, double least_energy)
    : scope_name_(scope.name),
      elements_(scope.elements()),
      models_(scope.tensors.front().models),
      least_energy_(least_energy),
      sums_(scope.leaf_count(), models_) {
  for (std::size_t t = 0; t < scope.tensors.size(); ++t) first_leaf_.push_back(scope.first_leaf(t));
}

void EnergyStage::take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) {
  std::array<double, leaf_elements> entries{};
  std::vector<double> sums;
  for (std::uint64_t done = 0; done < tile.count; done += leaf_elements) {
    const std::uint64_t count = std::min(leaf_elements, tile.count - done);
    const std::size_t leaf = sums.size();
    sums.resize(leaf + models_, 0.0);
    for_each_piece(rules, tile, tile.first + done, count, leaf_elements,
                   [&](std::uint64_t, std::uint64_t elements, std::span<const kernel::SparsePart> parts,
                       kernel::TypedInput anchor) {
                     for (std::size_t i = 0; i < parts.size(); ++i) {
                       const std::span<double> kept = std::span(entries).first(elements);
                       kernel::sparsified(parts[i], anchor, elements, kept.data());
                       sums[leaf + i] = kernel::sum_of_products(kept, kept);
                     }
                   });
  }
  const std::lock_guard lock(mutex_);
  sums_.add(first_leaf_[tensor] + tile.first / leaf_elements, sums);
}

void EnergyStage::end_round(stats::Reducer& reducer) {
  Numbers energies = reducer.total(sums_);
  for (double& energy : energies) energy /= static_cast<double>(std::max<std::uint64_t>(1, elements_));
  const double total = std::accumulate(energies.begin() + 1, energies.end(), energies.front());
  if (!std::isfinite(total)) {
    throw Error(ExitCode::input,
                "the squares of the task vectors of " + quote(scope_name_) + " have no finite sum");
  }
  const bool uniform = total < least_energy_ || total == 0.0;
  for (double& energy : energies) energy = uniform ? 1.0 / static_cast<double>(models_) : energy / total;
  weights_ = energies;
}

void EnergyStage::refine(std::size_t, std::vector<SparseRule>& rules) const {
  for (std::size_t i = 0; i < models_; ++i) rules[i].weight = (*weights_)[i];
}

}  // namespace stockpot::method
