#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/probe/labels.hpp"
#include "stockpot/probe/parameters.hpp"

namespace stockpot::probe {

/// Consecutive examples of a data set. Views: the owner keeps the values alive.
struct Batch {
  std::uint64_t first_example = 0;  ///< place in the data set, which keys sampled labels
  std::uint64_t examples = 0;
  std::span<const double> inputs;        ///< [examples, input_elements]
  std::span<const std::int64_t> labels;  ///< [examples]; may be empty where no true label is used

  /// Examples [first, first + count) of this batch. @pre they are in it, and `inputs` holds all examples
  [[nodiscard]] Batch slice(std::uint64_t first, std::uint64_t count) const;
};

/// A layer whose inputs and output gradients a probe can show.
struct Module {
  std::string name;
  std::uint64_t input_elements = 0;
  std::uint64_t output_elements = 0;

  friend bool operator==(const Module&, const Module&) = default;
};

struct ModelShape {
  std::uint64_t input_elements = 0;  ///< values of one example
  std::uint64_t classes = 0;
  std::vector<Module> modules;
  std::vector<NamedShape> parameters;  ///< in the order of gradients
};

/// Sums over examples; `metric_sums` of a metric that is a mean over examples, such as "accuracy".
struct Evaluation {
  std::uint64_t examples = 0;
  double loss_sum = 0;
  std::map<std::string, double, std::less<>> metric_sums;

  /// Adds one example: its cross-entropy and its share of "accuracy".
  void add(const Score& score);
  /// Mean cross-entropy. Throws Error{input} without examples.
  [[nodiscard]] double loss() const;
  /// Mean of a metric. Throws Error{input} without examples, Error{usage} for an unknown name.
  [[nodiscard]] double metric(std::string_view name) const;
};

/// Sums of loss, metrics and of d loss / d parameters over examples; `gradient_sum` is empty before the
/// first.
struct LossGradient {
  Evaluation evaluation;
  Parameters gradient_sum;

  /// Gradient of the mean loss. Throws Error{input} without examples.
  [[nodiscard]] Parameters mean_gradient() const;
};

struct LabelChoice {
  LabelMode mode = LabelMode::empirical;
  std::uint64_t seed = 0;  ///< of sampled labels
};

/// d log p(label) / d parameters of one example. The views end with the visit.
struct ExampleGradient {
  std::uint64_t example = 0;  ///< place in the data set
  std::int64_t label = 0;
  double weight = 1;                                 ///< p(label) for exact labels, else 1
  std::span<const std::span<const double>> tensors;  ///< one per parameter, in the model's order
};
using GradientVisitor = std::function<void(const ExampleGradient&)>;

/// Rows of one module in the order of examples, one per token that counts. The views end with the visit.
struct LayerRows {
  std::size_t module = 0;  ///< index into ModelShape::modules
  std::size_t rows = 0;
  std::span<const double> values;   ///< [rows, elements]
  std::span<const double> weights;  ///< [rows], p(label) of exact labels; empty: every row counts once
};
using RowsVisitor = std::function<void(const LayerRows&)>;

/// A model with its parameters, ready to run: the embedded MLP, an exported program, another process. All
/// calls are local and may run at the same time on several threads. A backend that can't do something throws
/// Error{usage}; evaluation is what each one has.
///
/// Cuts: what belongs to one example (logits, gradients, rows) has the same bits in every batch that it may
/// be part of. Sums (`Evaluation`, gradients) are carried on by each call in the order of examples, so that
/// consecutive calls on the parts of a batch give the bits of one call on the whole; sums that began at 0
/// elsewhere and were added afterwards differ from these by rounding. Memory beyond parameters and results
/// does not grow with the batch.
///
/// Throws Error{input} for examples that don't fit the model and labels outside its classes.
class Probe {
 public:
  virtual ~Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  [[nodiscard]] virtual const ModelShape& shape() const = 0;

  /// Adds each example's cross-entropy and "accuracy" to `total`. Made of `logits` unless a backend has its
  /// own way.
  virtual void evaluate(const Batch& batch, Evaluation& total) const;
  /// Writes [examples, classes]. Labels aren't used.
  virtual void logits(const Batch& batch, std::span<double> out) const;

  /// Adds to `total` each example's loss and d loss / d parameters. Made of `logits` and `add_pullback`
  /// unless a backend has its own way.
  virtual void add_loss_gradient(const Batch& batch, LossGradient& total) const;
  /// Adds sum over examples and classes of logit_gradients * d logit / d parameters to `sums`: the gradient
  /// of any loss of the logits (a temperature, a distillation), given its own [examples, classes] derivative.
  /// `sums`, here and below: empty, or one tensor per parameter.
  virtual void add_pullback(const Batch& batch, std::span<const double> logit_gradients,
                            Parameters& sums) const;

  /// Shows gradients of log p(label), example by example: per example every class in order for exact labels,
  /// the drawn one for sampled, the true one for empirical.
  virtual void visit_gradients(const Batch& batch, LabelChoice labels, const GradientVisitor& visit) const;
  /// Adds to `sums` the squares of those gradients times their weights, example after example: examples times
  /// the Fisher diagonal. Made of `visit_gradients` unless a backend has a cheaper way.
  virtual void add_squared_gradients(const Batch& batch, LabelChoice labels, Parameters& sums) const;

  /// Shows layer inputs, block by block of the examples; in each block every module in order.
  virtual void visit_layer_inputs(const Batch& batch, const RowsVisitor& visit) const;
  /// The same of d log p(label) / d layer output; for exact labels a row per class and token, weighted.
  virtual void visit_output_gradients(const Batch& batch, LabelChoice labels, const RowsVisitor& visit) const;

 protected:
  Probe() = default;
};

/// Makes a probe of parameters that it copies. Throws Error{input} naming a tensor that doesn't fit.
using ProbeOpener = std::function<std::unique_ptr<Probe>(const Parameters&)>;
/// The backend of a name, "mlp". Throws Error{usage} with the nearest name for others.
ProbeOpener find_probe(std::string_view name);

/// Makes an empty list of sums zeros; throws Error{usage} for sums that aren't those of this model.
void begin_sums(const ModelShape& shape, Parameters& sums);

/// Throws Error{input} unless `batch` has examples of the model's size and, where `labels` are used, one
/// label within the classes per example.
void check_batch(const Batch& batch, const ModelShape& shape, bool labels);

}  // namespace stockpot::probe
