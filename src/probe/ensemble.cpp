#include "stockpot/probe/ensemble.hpp"

#include <fmt/format.h>

#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::probe {

void LogitEnsemble::add(const Probe& model) {
  check_batch(batch_, model.shape(), true);
  const std::uint64_t classes = model.shape().classes;
  if (models_ > 0 && classes != classes_) {
    throw Error(ExitCode::input, fmt::format("model {} of an ensemble has {} classes, those before have {}",
                                             models_, classes, classes_));
  }
  std::vector<double> logits(batch_.examples * classes);
  model.logits(batch_, logits);
  if (models_ == 0) {
    sums_ = std::move(logits);
  } else {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += logits[i];
  }
  classes_ = classes;
  ++models_;
}

Evaluation LogitEnsemble::evaluate() const {
  if (models_ == 0) throw Error(ExitCode::usage, "an ensemble of no models");
  const auto count = static_cast<double>(models_);
  Evaluation total;
  std::vector<double> mean(classes_);
  for (std::uint64_t e = 0; e < batch_.examples; ++e) {
    for (std::uint64_t c = 0; c < classes_; ++c) mean[c] = sums_[e * classes_ + c] / count;
    total.add(score(mean, batch_.labels[e]));
  }
  return total;
}

Evaluation evaluate_logit_ensemble(const ProbeOpener& open, std::span<const Parameters> models,
                                   const Batch& batch) {
  LogitEnsemble ensemble(batch);
  for (const Parameters& parameters : models) ensemble.add(*open(parameters));
  return ensemble.evaluate();
}

}  // namespace stockpot::probe
