#pragma once

#include <span>
#include <vector>

#include "stockpot/probe/probe.hpp"

namespace stockpot::probe {

/// Several models that answer together: each example's logits are the mean of theirs, (z_1 + z_2 + ...) /
/// count in double, the sum from left to right in the order in which models were added. One model is in
/// memory at a time; the ensemble itself holds examples * classes values. Local, not thread-safe.
class LogitEnsemble {
 public:
  /// `batch`: the data, labels included; the owner keeps the values alive.
  explicit LogitEnsemble(const Batch& batch) : batch_(batch) {}

  /// Runs a model over the data. Throws Error{input} for data that don't fit it and for classes that aren't
  /// those of the models before.
  void add(const Probe& model);
  /// Of the models so far, as `Probe::evaluate` would give it of one model with the mean logits; for a single
  /// model the very same bits. Throws Error{usage} before the first model.
  [[nodiscard]] Evaluation evaluate() const;

 private:
  Batch batch_;
  std::size_t models_ = 0;
  std::uint64_t classes_ = 0;
  std::vector<double> sums_;  ///< [examples, classes]
};

/// The same of models that are all in memory, each opened in turn. Throws Error{usage} without models.
Evaluation evaluate_logit_ensemble(const ProbeOpener& open, std::span<const Parameters> models,
                                   const Batch& batch);

}  // namespace stockpot::probe
