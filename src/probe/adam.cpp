#include "stockpot/probe/adam.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stockpot/base/error.hpp"

namespace stockpot::probe {

Adam::Adam(const Parameters& parameters, const TrainingOptions& options)
    : beta1_(options.beta1),
      beta2_(options.beta2),
      epsilon_(options.epsilon),
      weight_decay_(options.weight_decay) {
  for (const NamedTensor& tensor : parameters) {
    Moments moments;
    moments.frozen =
        std::find(options.frozen.begin(), options.frozen.end(), tensor.name) != options.frozen.end();
    if (!moments.frozen) {
      moments.first.resize(tensor.values.size());
      moments.second.resize(tensor.values.size());
    }
    moments_.push_back(std::move(moments));
  }
  for (const std::string& name : options.frozen) {
    const auto named = [&](const NamedTensor& tensor) { return tensor.name == name; };
    if (std::none_of(parameters.begin(), parameters.end(), named)) {
      throw Error(ExitCode::usage, "can't be frozen: the model has no such tensor",
                  {.file = {}, .tensor = name});
    }
  }
}

void Adam::step(Parameters& parameters, const Parameters& gradient, double learning_rate) {
  beta1_power_ *= beta1_;
  beta2_power_ *= beta2_;
  const double correction1 = 1 - beta1_power_;
  const double correction2 = 1 - beta2_power_;
  for (std::size_t t = 0; t < parameters.size(); ++t) {
    Moments& moments = moments_[t];
    if (moments.frozen) continue;
    for (std::size_t i = 0; i < parameters[t].values.size(); ++i) {
      const double g = gradient[t].values[i];
      double& first = moments.first[i];
      double& second = moments.second[i];
      double& value = parameters[t].values[i];
      first = beta1_ * first + (1 - beta1_) * g;
      second = beta2_ * second + (1 - beta2_) * (g * g);
      value -= learning_rate * weight_decay_ * value;
      value -= learning_rate * (first / correction1) / (std::sqrt(second / correction2) + epsilon_);
    }
  }
}

}  // namespace stockpot::probe
