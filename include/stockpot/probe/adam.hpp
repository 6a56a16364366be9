#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stockpot/probe/training.hpp"

namespace stockpot::probe {

/// The state of AdamW over all parameters. Local, not thread-safe.
class Adam {
 public:
  /// Takes betas, epsilon, weight decay and frozen tensors from `options`. Throws Error{usage} for frozen
  /// names that don't exist.
  Adam(const Parameters& parameters, const TrainingOptions& options);

  /// One step down `gradient`, the tensors in the order of `parameters`: with t counted from 1,
  ///   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,  p = p - learning_rate weight_decay p,
  ///   p = p - learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon).
  void step(Parameters& parameters, const Parameters& gradient, double learning_rate);

 private:
  struct Moments {
    bool frozen = false;
    std::vector<double> first;
    std::vector<double> second;
  };

  double beta1_;
  double beta2_;
  double epsilon_;
  double weight_decay_;
  double beta1_power_ = 1;
  double beta2_power_ = 1;
  std::vector<Moments> moments_;
};

}  // namespace stockpot::probe
