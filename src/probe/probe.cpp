#include "stockpot/probe/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/probe/mlp.hpp"

namespace stockpot::probe {
namespace {

constexpr std::uint64_t block_examples = 64;

[[noreturn]] void throw_incapable(std::string_view ability) {
  throw Error(ExitCode::usage, fmt::format("this probe gives no {}", ability));
}

/// Calls `use` with consecutive slices and their logits.
template <typename Use>
void for_each_logits_block(const Probe& probe, const Batch& batch, Use use) {
  const std::uint64_t classes = probe.shape().classes;
  std::vector<double> logits;
  for (std::uint64_t first = 0; first < batch.examples; first += block_examples) {
    const Batch block = batch.slice(first, std::min(block_examples, batch.examples - first));
    logits.resize(block.examples * classes);
    probe.logits(block, logits);
    use(block, std::span(logits));
  }
}

}  // namespace

Batch Batch::slice(std::uint64_t first, std::uint64_t count) const {
  const std::uint64_t elements = examples == 0 ? 0 : inputs.size() / examples;
  return {.first_example = first_example + first,
          .examples = count,
          .inputs = inputs.subspan(first * elements, count * elements),
          .labels = labels.empty() ? labels : labels.subspan(first, count)};
}

void Probe::evaluate(const Batch& batch, Evaluation& total) const {
  check_batch(batch, shape(), true);
  for_each_logits_block(*this, batch, [&](const Batch& block, std::span<const double> logits) {
    for (std::uint64_t e = 0; e < block.examples; ++e) {
      total.add(score(logits.subspan(e * shape().classes, shape().classes), block.labels[e]));
    }
  });
}

void Probe::logits(const Batch&, std::span<double>) const {
  throw_incapable("logits");
}

void Probe::add_loss_gradient(const Batch& batch, LossGradient& total) const {
  check_batch(batch, shape(), true);
  for_each_logits_block(*this, batch, [&](const Batch& block, std::span<double> logits) {
    for (std::uint64_t e = 0; e < block.examples; ++e) {
      const std::span<double> row = logits.subspan(e * shape().classes, shape().classes);
      total.evaluation.add(score(row, block.labels[e]));
      softmax(row);
      row[static_cast<std::size_t>(block.labels[e])] -= 1;
    }
    add_pullback(block, logits, total.gradient_sum);
  });
}

void Probe::add_pullback(const Batch&, std::span<const double>, Parameters&) const {
  throw_incapable("gradients");
}

void Probe::visit_gradients(const Batch&, LabelChoice, const GradientVisitor&) const {
  throw_incapable("gradients of single examples");
}

void Probe::visit_layer_inputs(const Batch&, const RowsVisitor&) const {
  throw_incapable("layer inputs");
}

void Probe::visit_output_gradients(const Batch&, LabelChoice, const RowsVisitor&) const {
  throw_incapable("gradients of layer outputs");
}

ProbeOpener find_probe(std::string_view name) {
  static const std::array<std::string, 1> names{"mlp"};
  if (name == names.front()) return open_mlp;
  const std::optional<std::string> meant = nearest(name, names);
  throw Error(ExitCode::usage, fmt::format("no probe is called {}{}", quote(name),
                                           meant ? "; did you mean '" + *meant + "'?" : "; there is 'mlp'"));
}

void check_batch(const Batch& batch, const ModelShape& shape, bool labels) {
  if (batch.examples == 0) return;
  if (batch.inputs.size() != batch.examples * shape.input_elements) {
    throw Error(ExitCode::input, fmt::format("{} examples hold {} values, but the model takes {} of each",
                                             batch.examples, batch.inputs.size(), shape.input_elements));
  }
  if (!labels) return;
  if (batch.labels.size() != batch.examples) {
    throw Error(ExitCode::input,
                fmt::format("{} examples have {} labels", batch.examples, batch.labels.size()));
  }
  for (std::uint64_t e = 0; e < batch.examples; ++e) {
    const std::int64_t label = batch.labels[e];
    if (label < 0 || static_cast<std::uint64_t>(label) >= shape.classes) {
      throw Error(ExitCode::input,
                  fmt::format("label {} of example {} is outside the model's classes 0 to {}", label,
                              batch.first_example + e, shape.classes - 1));
    }
  }
}

}  // namespace stockpot::probe
