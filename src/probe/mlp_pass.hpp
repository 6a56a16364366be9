#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mlp_layers.hpp"
#include "stockpot/probe/probe.hpp"

namespace stockpot::probe {

/// Rows that one pass handles at once; bounds its memory.
constexpr std::uint64_t mlp_block_rows = 64;

struct MlpNetwork {
  Parameters parameters;
  std::vector<MlpLayer> layers;

  [[nodiscard]] const std::vector<double>& weight(std::size_t layer) const {
    return parameters[layers[layer].weight].values;
  }
  [[nodiscard]] const std::vector<double>& bias(std::size_t layer) const {
    return parameters[layers[layer].bias].values;
  }
};

/// What the layers take and give for one block of examples. The block's inputs must outlive it.
class MlpForward {
 public:
  MlpForward(const MlpNetwork& network, const Batch& block);

  [[nodiscard]] std::size_t examples() const { return examples_; }
  /// [examples, inputs of the layer]
  [[nodiscard]] std::span<const double> inputs(std::size_t layer) const {
    return layer == 0 ? first_inputs_ : std::span<const double>(outputs_[layer - 1]);
  }
  /// [examples, classes]
  [[nodiscard]] std::span<const double> logits() const { return outputs_.back(); }
  /// [examples, classes]
  [[nodiscard]] std::vector<double> probabilities() const;

 private:
  std::size_t examples_;
  std::span<const double> first_inputs_;
  std::vector<std::vector<double>> outputs_;  ///< after ReLU, except the last
};

/// One label of one example, whose log-probability is differentiated.
struct LabelRow {
  std::size_t example = 0;  ///< within the block
  std::int64_t label = 0;
  double weight = 1;
};
/// In the order of examples, of exact labels then of classes.
std::vector<LabelRow> label_rows(const Batch& block, std::span<const double> probabilities,
                                 LabelChoice labels);

/// Derivatives with respect to the outputs of every layer before ReLU, row by row.
class MlpBackward {
 public:
  /// Row e of `logit_gradients` [examples, classes] belongs to example e.
  MlpBackward(const MlpNetwork& network, const MlpForward& forward, std::span<const double> logit_gradients);
  /// Of log p(label), one row per entry of `rows`.
  MlpBackward(const MlpNetwork& network, const MlpForward& forward, std::span<const LabelRow> rows,
              std::span<const double> probabilities);

  /// [rows, outputs of the layer]
  [[nodiscard]] std::span<const double> output_gradients(std::size_t layer) const {
    return gradients_[layer];
  }
  /// Adds the gradients of all rows to `sums`, row after row. @pre row e belongs to example e
  void add_gradients(const MlpForward& forward, Parameters& sums) const;
  /// Writes the gradient of one row.
  void write_gradient(const MlpForward& forward, std::size_t row, Parameters& gradient) const;

 private:
  void propagate(const MlpForward& forward);

  const MlpNetwork& network_;
  std::vector<std::size_t> examples_;           ///< of each row
  std::vector<std::vector<double>> gradients_;  ///< per layer
};

}  // namespace stockpot::probe
