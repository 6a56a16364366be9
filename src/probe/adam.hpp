#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stockpot/probe/training.hpp"

namespace stockpot::probe {

/// The state of AdamW over all parameters.
class Adam {
 public:
  Adam(const Parameters& parameters, const TrainingOptions& options);

  /// One step down `gradient`, the tensors in the order of `parameters`.
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
