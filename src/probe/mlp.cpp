#include "stockpot/probe/mlp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "mlp_layers.hpp"
#include "mlp_pass.hpp"
#include "mlp_squares.hpp"
#include "random_unit.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::probe {
namespace {

class Mlp final : public Probe {
 public:
  explicit Mlp(const Parameters& parameters) : network_{parameters, mlp_layers(parameters)} {
    shape_.input_elements = network_.layers.front().inputs;
    shape_.classes = network_.layers.back().outputs;
    for (const MlpLayer& layer : network_.layers) {
      shape_.modules.push_back({layer.module, layer.inputs, layer.outputs});
    }
    for (const NamedTensor& tensor : parameters) shape_.parameters.push_back({tensor.name, tensor.shape});
  }

  [[nodiscard]] const ModelShape& shape() const override { return shape_; }

  void logits(const Batch& batch, std::span<double> out) const override {
    check_batch(batch, shape_, false);
    check_size(out.size(), batch);
    for_each_block(batch, [&](const Batch&, const MlpForward& forward, std::uint64_t first) {
      const std::span<const double> logits = forward.logits();
      std::copy(logits.begin(), logits.end(),
                out.begin() + static_cast<std::ptrdiff_t>(first * shape_.classes));
    });
  }

  void add_loss_gradient(const Batch& batch, LossGradient& total) const override {
    check_batch(batch, shape_, true);
    begin_sums(shape_, total.gradient_sum);
    std::vector<double> gradients;
    for_each_block(batch, [&](const Batch& block, const MlpForward& forward, std::uint64_t) {
      gradients.assign(forward.logits().begin(), forward.logits().end());
      for (std::uint64_t e = 0; e < block.examples; ++e) {
        const std::span<double> row = std::span(gradients).subspan(e * shape_.classes, shape_.classes);
        total.evaluation.add(score(row, block.labels[e]));
        softmax(row);
        row[static_cast<std::size_t>(block.labels[e])] -= 1;
      }
      MlpBackward(network_, forward, gradients).add_gradients(forward, total.gradient_sum);
    });
  }

  void add_pullback(const Batch& batch, std::span<const double> logit_gradients,
                    Parameters& sums) const override {
    check_batch(batch, shape_, false);
    check_size(logit_gradients.size(), batch);
    begin_sums(shape_, sums);
    for_each_block(batch, [&](const Batch& block, const MlpForward& forward, std::uint64_t first) {
      const auto rows = logit_gradients.subspan(first * shape_.classes, block.examples * shape_.classes);
      MlpBackward(network_, forward, rows).add_gradients(forward, sums);
    });
  }

  void visit_gradients(const Batch& batch, LabelChoice labels, const GradientVisitor& visit) const override {
    Parameters gradient = zeros(shape_.parameters);
    std::vector<std::span<const double>> views;
    for (const NamedTensor& tensor : gradient) views.emplace_back(tensor.values);
    for_each_labelled_rows(batch, labels,
                           [&](const Batch& block, const MlpForward& forward, std::span<const LabelRow> rows,
                               const MlpBackward& backward) {
                             for (std::size_t r = 0; r < rows.size(); ++r) {
                               backward.write_gradient(forward, r, gradient);
                               visit({.example = block.first_example + rows[r].example,
                                      .label = rows[r].label,
                                      .weight = rows[r].weight,
                                      .tensors = views});
                             }
                           });
  }

  void add_squared_gradients(const Batch& batch, LabelChoice labels, Parameters& sums) const override {
    check_batch(batch, shape_, labels.mode == LabelMode::empirical);
    begin_sums(shape_, sums);
    for_each_block(batch, [&](const Batch& block, const MlpForward& forward, std::uint64_t) {
      MlpSquares squares(network_, forward);
      for_each_part(block, forward, labels, [&](std::span<const LabelRow> rows, const MlpBackward& backward) {
        squares.add(rows, backward);
      });
      squares.add_to(sums);
    });
  }

  void visit_layer_inputs(const Batch& batch, const RowsVisitor& visit) const override {
    check_batch(batch, shape_, false);
    for_each_block(batch, [&](const Batch& block, const MlpForward& forward, std::uint64_t) {
      for (std::size_t l = 0; l < network_.layers.size(); ++l) {
        visit({.module = l, .rows = block.examples, .values = forward.inputs(l), .weights = {}});
      }
    });
  }

  void visit_output_gradients(const Batch& batch, LabelChoice labels,
                              const RowsVisitor& visit) const override {
    std::vector<double> weights;
    for_each_labelled_rows(
        batch, labels,
        [&](const Batch&, const MlpForward&, std::span<const LabelRow> rows, const MlpBackward& backward) {
          weights.clear();
          if (labels.mode == LabelMode::exact) {
            for (const LabelRow& row : rows) weights.push_back(row.weight);
          }
          for (std::size_t l = 0; l < network_.layers.size(); ++l) {
            visit({.module = l,
                   .rows = rows.size(),
                   .values = backward.output_gradients(l),
                   .weights = weights});
          }
        });
  }

 private:
  void check_size(std::size_t values, const Batch& batch) const {
    if (values == batch.examples * shape_.classes) return;
    throw Error(ExitCode::usage,
                fmt::format("{} values for the logits of {} examples", values, batch.examples));
  }

  template <typename Use>
  void for_each_block(const Batch& batch, Use use) const {
    for (std::uint64_t first = 0; first < batch.examples; first += mlp_block_rows) {
      const Batch block = batch.slice(first, std::min(mlp_block_rows, batch.examples - first));
      use(block, MlpForward(network_, block), first);
    }
  }

  /// Parts of the block's labels, in order.
  template <typename Use>
  void for_each_part(const Batch& block, const MlpForward& forward, LabelChoice labels, Use use) const {
    const std::vector<double> probabilities = forward.probabilities();
    const std::vector<LabelRow> all = label_rows(block, probabilities, labels);
    for (std::size_t first = 0; first < all.size(); first += mlp_block_rows) {
      const auto rows =
          std::span(all).subspan(first, std::min<std::size_t>(mlp_block_rows, all.size() - first));
      use(rows, MlpBackward(network_, forward, rows, probabilities));
    }
  }

  template <typename Use>
  void for_each_labelled_rows(const Batch& batch, LabelChoice labels, Use use) const {
    check_batch(batch, shape_, labels.mode == LabelMode::empirical);
    for_each_block(batch, [&](const Batch& block, const MlpForward& forward, std::uint64_t) {
      for_each_part(block, forward, labels, [&](std::span<const LabelRow> rows, const MlpBackward& backward) {
        use(block, forward, rows, backward);
      });
    });
  }

  MlpNetwork network_;
  ModelShape shape_;
};

}  // namespace

std::unique_ptr<Probe> open_mlp(const Parameters& parameters) {
  return std::make_unique<Mlp>(parameters);
}

Parameters initial_mlp(std::span<const std::uint64_t> widths, std::uint64_t seed) {
  if (widths.size() < 2 || std::find(widths.begin(), widths.end(), 0U) != widths.end()) {
    throw Error(ExitCode::usage, "an mlp needs at least two widths, all above 0");
  }
  Parameters parameters;
  std::vector<std::uint64_t> numbers;
  for (std::size_t n = 0; n + 1 < widths.size(); ++n) {
    const std::uint64_t inputs = widths[n];
    const std::uint64_t outputs = widths[n + 1];
    NamedTensor weight{.name = fmt::format("layers.{}.weight", n), .shape = {outputs, inputs}, .values = {}};
    const double bound = std::sqrt(6.0 / static_cast<double>(inputs));
    numbers.resize(inputs * outputs);
    random_numbers(kernel::random_key(seed, "", weight.name), 0, numbers);
    for (const std::uint64_t number : numbers) weight.values.push_back(bound * (2 * unit(number) - 1));
    parameters.push_back(std::move(weight));
    parameters.push_back({.name = fmt::format("layers.{}.bias", n),
                          .shape = {outputs},
                          .values = std::vector<double>(outputs)});
  }
  return parameters;
}

}  // namespace stockpot::probe
