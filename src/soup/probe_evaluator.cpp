#include "soup/probe_evaluator.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "stockpot/io/data_file.hpp"

namespace stockpot::soup {

ProbeData::ProbeData(const recipe::Evaluate& evaluate) {
  const io::DataFile file(evaluate.data);
  examples_ = file.examples();
  inputs_.resize(examples_ * file.input_elements());
  labels_.resize(examples_);
  file.read(0, inputs_, labels_);
}

probe::Batch ProbeData::batch() const {
  return {0, examples_, inputs_, labels_};
}

Outcome outcome_of(const recipe::Evaluate& evaluate, const probe::Evaluation& measured) {
  Outcome outcome;
  for (const auto& [name, weight] : evaluate.metrics) {
    const double value = name == "loss" ? measured.loss() : measured.metric(name);
    if (!std::isfinite(value)) outcome.failure = fmt::format("metric: {} is {}", name, value);
    outcome.metrics[name] = value;
  }
  if (!outcome.is_usable()) outcome.metrics.clear();
  return outcome;
}

Outcome evaluate_probe(const recipe::Evaluate& evaluate, const ProbeData& data,
                       const probe::Parameters& parameters) {
  const auto begin = std::chrono::steady_clock::now();
  probe::Evaluation total;
  probe::find_probe(evaluate.probe)(parameters)->evaluate(data.batch(), total);
  Outcome outcome = outcome_of(evaluate, total);
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return outcome;
}

}  // namespace stockpot::soup
