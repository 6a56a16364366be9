#pragma once

#include <span>
#include <vector>

#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::kernel {

struct DiagonalForm {
  std::vector<double> weights;  ///< by model
  double floor = 0.0;           ///< smallest Fisher value that counts
};

/// The equation a v = b of every element, with a = S(w_i max(F_i, floor)) and b = S((w_i max(F_i, floor))
/// x_i): every operation is rounded to double, sums run over the models in order. As many elements as
/// `diagonal` and `rhs` have. Local, thread safe. Throws std::invalid_argument for numbers of models or
/// lengths that differ.
void diagonal_equation(const DiagonalForm& form, std::span<const TypedInput> inputs,
                       std::span<const TypedInput> fisher, std::span<double> diagonal, std::span<double> rhs);

}  // namespace stockpot::kernel
