#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "soup/learned_gradient.hpp"
#include "stockpot/probe/adam.hpp"
#include "stockpot/recipe/search.hpp"

namespace stockpot::soup {

/// The optimiser of a learned soup: AdamW (0.9, 0.999, 1e-8, decoupled weight decay) on alpha, from 1 /
/// models on, and beta, from 1 on. What it does next depends on the gradients alone that it was given. Local,
/// pure.
class Learner {
 public:
  /// @pre rows, models and examples are above 0
  Learner(const recipe::Search& search, std::uint64_t seed, std::size_t rows, std::size_t models,
          std::uint64_t examples);

  [[nodiscard]] bool is_over() const { return step_ == steps_; }
  /// Steps that were made.
  [[nodiscard]] std::uint64_t step() const { return step_; }
  [[nodiscard]] LearnedParameters parameters() const;
  /// Examples of the next step: consecutive ones of the epoch's order, which is that of
  /// `probe::training_order` with `shuffle`; the last batch of an epoch may be smaller. @pre !is_over()
  [[nodiscard]] std::span<const std::uint64_t> batch() const;
  /// @pre !is_over(); `gradient` is of `batch()` at `parameters()`
  void take(const LearnedGradient& gradient);

 private:
  void begin_epoch();

  double learning_rate_;
  bool shuffle_;
  std::uint64_t seed_;
  std::uint64_t batch_size_;
  std::uint64_t steps_per_epoch_;
  std::uint64_t steps_;
  std::uint64_t step_ = 0;
  probe::Parameters parameters_;  ///< alpha and beta
  probe::Adam adam_;
  std::vector<std::uint64_t> order_;  ///< of this epoch's examples
};

}  // namespace stockpot::soup
