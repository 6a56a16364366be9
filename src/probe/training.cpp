#include "stockpot/probe/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "random_unit.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/probe/adam.hpp"

namespace stockpot::probe {
namespace {

void check_options(const TrainingOptions& options) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw Error(ExitCode::usage, fmt::format("training: {}", what));
  };
  require(std::isfinite(options.learning_rate) && options.learning_rate >= 0, "learning_rate is negative");
  require(std::isfinite(options.weight_decay) && options.weight_decay >= 0, "weight_decay is negative");
  require(options.label_smoothing >= 0 && options.label_smoothing < 1, "label_smoothing is outside [0, 1)");
  require(options.beta1 >= 0 && options.beta1 < 1, "beta1 is outside [0, 1)");
  require(options.beta2 >= 0 && options.beta2 < 1, "beta2 is outside [0, 1)");
  require(std::isfinite(options.epsilon) && options.epsilon > 0, "epsilon is not above 0");
}

/// Copies of chosen examples, next to each other.
class Gathered {
 public:
  explicit Gathered(const Batch& data) : data_(data) {}

  Batch gather(std::span<const std::uint64_t> examples, std::uint64_t epoch, const TrainingOptions& options) {
    const std::size_t elements = data_.inputs.size() / data_.examples;
    inputs_.resize(examples.size() * elements);
    labels_.clear();
    for (std::size_t i = 0; i < examples.size(); ++i) {
      const std::span<const double> from = data_.inputs.subspan(examples[i] * elements, elements);
      const std::span<double> to = std::span(inputs_).subspan(i * elements, elements);
      std::copy(from.begin(), from.end(), to.begin());
      if (options.augment) options.augment(epoch, examples[i], to);
      labels_.push_back(data_.labels[examples[i]]);
    }
    return {.first_example = 0, .examples = examples.size(), .inputs = inputs_, .labels = labels_};
  }

 private:
  const Batch& data_;
  std::vector<double> inputs_;
  std::vector<std::int64_t> labels_;
};

/// As `add_loss_gradient`, the gradient being that of the cross-entropy with smoothed targets.
void add_smoothed_gradient(const Probe& model, const Batch& batch, double smoothing, LossGradient& total) {
  const std::uint64_t classes = model.shape().classes;
  std::vector<double> gradients(batch.examples * classes);
  model.logits(batch, gradients);
  for (std::uint64_t e = 0; e < batch.examples; ++e) {
    const std::span<double> row = std::span(gradients).subspan(e * classes, classes);
    total.evaluation.add(score(row, batch.labels[e]));
    softmax(row);
    for (double& value : row) value -= smoothing / static_cast<double>(classes);
    row[static_cast<std::size_t>(batch.labels[e])] -= 1 - smoothing;
  }
  model.add_pullback(batch, gradients, total.gradient_sum);
}

double rate_at(std::uint64_t step, std::uint64_t steps, const TrainingOptions& options) {
  if (options.schedule == Schedule::constant) return options.learning_rate;
  const double progress = static_cast<double>(step) / static_cast<double>(steps);
  return options.learning_rate * ((1 + std::cos(std::numbers::pi * progress)) / 2);
}

std::vector<std::uint64_t> order_of(std::uint64_t epoch, std::uint64_t examples,
                                    const TrainingOptions& options) {
  if (options.shuffle) return training_order(options.seed, epoch, examples);
  std::vector<std::uint64_t> order(examples);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  return order;
}

}  // namespace

std::vector<std::uint64_t> training_order(std::uint64_t seed, std::uint64_t epoch, std::uint64_t examples) {
  std::vector<std::uint64_t> keys(examples);
  random_numbers(kernel::random_key(seed, "", "training order"), epoch * examples, keys);
  std::vector<std::uint64_t> order(examples);
  std::iota(order.begin(), order.end(), std::uint64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint64_t a, std::uint64_t b) { return keys[a] < keys[b]; });
  return order;
}

TrainingResult train(const ProbeOpener& open, Parameters initial, const Batch& data,
                     const TrainingOptions& options) {
  check_options(options);
  if (data.examples == 0) throw Error(ExitCode::input, "no examples to train on");
  check_batch(data, open(initial)->shape(), true);
  const std::uint64_t batch_size = options.batch_size == 0 ? data.examples : options.batch_size;
  const std::uint64_t steps_per_epoch = (data.examples - 1) / batch_size + 1;
  TrainingResult result{.parameters = std::move(initial), .history = {}};
  Adam adam(result.parameters, options);
  Gathered gathered(data);
  std::uint64_t step = 0;
  for (std::uint64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const std::vector<std::uint64_t> order = order_of(epoch, data.examples, options);
    Evaluation seen;
    for (std::uint64_t first = 0; first < data.examples; first += batch_size, ++step) {
      const auto chosen = std::span(order).subspan(first, std::min(batch_size, data.examples - first));
      LossGradient total{.evaluation = std::move(seen), .gradient_sum = {}};
      const Batch batch = gathered.gather(chosen, epoch, options);
      const std::unique_ptr<Probe> model = open(result.parameters);
      if (options.label_smoothing > 0) {
        add_smoothed_gradient(*model, batch, options.label_smoothing, total);
      } else {
        model->add_loss_gradient(batch, total);
      }
      seen = std::move(total.evaluation);
      if (!std::isfinite(seen.loss_sum)) {
        throw Error(ExitCode::input,
                    fmt::format("the loss is no longer finite in epoch {} of the training", epoch));
      }
      for (NamedTensor& tensor : total.gradient_sum) {
        for (double& value : tensor.values) value /= static_cast<double>(chosen.size());
      }
      adam.step(result.parameters, total.gradient_sum,
                rate_at(step, steps_per_epoch * options.epochs, options));
    }
    result.history.push_back({.loss = seen.loss(), .accuracy = seen.metric("accuracy")});
  }
  return result;
}

}  // namespace stockpot::probe
