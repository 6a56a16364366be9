#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "soup/coefficient_groups.hpp"
#include "stockpot/probe/parameters.hpp"

namespace stockpot::soup {

/// The models that a learned soup mixes, whole and in double, and which of their tensors share coefficients.
/// Matrices of coefficients are [rows, models], row by row. Local.
class Mixture {
 public:
  /// `models`: at least one, all with the same tensors in the same order. Tensors of no group are the same in
  /// all models and stay as they are.
  Mixture(std::vector<probe::Parameters> models, CoefficientGroups groups);

  [[nodiscard]] std::size_t rows() const { return groups_.names.size(); }
  [[nodiscard]] std::size_t models() const { return models_.size(); }
  [[nodiscard]] const CoefficientGroups& groups() const { return groups_; }

  /// S(a_i x_i) of every tensor in double, unrounded. Cost: one pass over all models.
  [[nodiscard]] probe::Parameters combine(std::span<const double> coefficients) const;
  /// Adds <g_j, x_ij>, summed over the tensors j of each row, to `products` [rows, models]: from d loss / d
  /// tensor to d loss / d coefficient. `gradient` has the models' tensors in any order. Cost: one pass over
  /// all models.
  void add_products(const probe::Parameters& gradient, std::span<double> products) const;

 private:
  std::vector<probe::Parameters> models_;
  CoefficientGroups groups_;
  std::map<std::string, std::size_t> places_;  ///< of tensors in each model
};

/// The coefficients of raw ones: the softmax of every row of `models` numbers. Pure.
std::vector<double> softmax_rows(std::span<const double> alpha, std::size_t models);

/// d loss / d alpha, given coefficients and d loss / d coefficient: a_i (g_i - sum_m a_m g_m) in every row.
/// Pure.
std::vector<double> pull_through_softmax(std::span<const double> coefficients,
                                         std::span<const double> gradient, std::size_t models);

}  // namespace stockpot::soup
