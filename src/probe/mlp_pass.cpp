#include "mlp_pass.hpp"

#include <algorithm>
#include <numeric>

#include "ordered_product.hpp"

namespace stockpot::probe {

MlpForward::MlpForward(const MlpNetwork& network, const Batch& block)
    : examples_(block.examples), first_inputs_(block.inputs), outputs_(network.layers.size()) {
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const MlpLayer& layer = network.layers[l];
    std::vector<double>& outputs = outputs_[l];
    outputs.reserve(examples_ * layer.outputs);
    for (std::size_t e = 0; e < examples_; ++e) {
      outputs.insert(outputs.end(), network.bias(l).begin(), network.bias(l).end());
    }
    add_product(dense(inputs(l).data(), examples_, layer.inputs),
                dense(network.weight(l).data(), layer.outputs, layer.inputs).transposed(), outputs.data());
    if (l + 1 == network.layers.size()) break;
    for (double& value : outputs) value = value < 0 ? 0.0 : value;  // keeps NaN
  }
}

std::vector<double> MlpForward::probabilities() const {
  std::vector<double> values = outputs_.back();
  const std::size_t classes = values.size() / examples_;
  for (std::size_t e = 0; e < examples_; ++e) softmax(std::span(values).subspan(e * classes, classes));
  return values;
}

std::vector<LabelRow> label_rows(const Batch& block, std::span<const double> probabilities,
                                 LabelChoice labels) {
  std::vector<LabelRow> rows;
  const std::size_t classes = probabilities.size() / block.examples;
  for (std::size_t e = 0; e < block.examples; ++e) {
    const std::span<const double> row = probabilities.subspan(e * classes, classes);
    switch (labels.mode) {
      case LabelMode::empirical:
        rows.push_back({.example = e, .label = block.labels[e]});
        break;
      case LabelMode::sampled:
        rows.push_back({.example = e, .label = draw_label(labels.seed, block.first_example + e, row)});
        break;
      case LabelMode::exact:
        for (std::size_t c = 0; c < classes; ++c) {
          rows.push_back({.example = e, .label = static_cast<std::int64_t>(c), .weight = row[c]});
        }
        break;
    }
  }
  return rows;
}

MlpBackward::MlpBackward(const MlpNetwork& network, const MlpForward& forward,
                         std::span<const double> logit_gradients)
    : network_(network), examples_(forward.examples()), gradients_(network.layers.size()) {
  std::iota(examples_.begin(), examples_.end(), std::size_t{0});
  gradients_.back().assign(logit_gradients.begin(), logit_gradients.end());
  propagate(forward);
}

MlpBackward::MlpBackward(const MlpNetwork& network, const MlpForward& forward, std::span<const LabelRow> rows,
                         std::span<const double> probabilities)
    : network_(network), gradients_(network.layers.size()) {
  const std::size_t classes = network.layers.back().outputs;
  for (const LabelRow& row : rows) {
    examples_.push_back(row.example);
    for (std::size_t c = 0; c < classes; ++c) {
      const double hit = static_cast<std::size_t>(row.label) == c ? 1.0 : 0.0;
      gradients_.back().push_back(hit - probabilities[row.example * classes + c]);
    }
  }
  propagate(forward);
}

void MlpBackward::propagate(const MlpForward& forward) {
  for (std::size_t l = network_.layers.size() - 1; l > 0; --l) {
    const MlpLayer& layer = network_.layers[l];
    std::vector<double>& below = gradients_[l - 1];
    below.assign(examples_.size() * layer.inputs, 0.0);
    add_product(dense(gradients_[l].data(), examples_.size(), layer.outputs),
                dense(network_.weight(l).data(), layer.outputs, layer.inputs), below.data());
    for (std::size_t r = 0; r < examples_.size(); ++r) {
      const std::span<const double> inputs =
          forward.inputs(l).subspan(examples_[r] * layer.inputs, layer.inputs);
      for (std::size_t i = 0; i < layer.inputs; ++i) {
        if (inputs[i] <= 0) below[r * layer.inputs + i] = 0;
      }
    }
  }
}

void MlpBackward::add_gradients(const MlpForward& forward, Parameters& sums) const {
  const std::size_t rows = examples_.size();
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const MlpLayer& layer = network_.layers[l];
    add_product(dense(gradients_[l].data(), rows, layer.outputs).transposed(),
                dense(forward.inputs(l).data(), rows, layer.inputs), sums[layer.weight].values.data());
    std::vector<double>& bias = sums[layer.bias].values;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t o = 0; o < layer.outputs; ++o) bias[o] += gradients_[l][r * layer.outputs + o];
    }
  }
}

void MlpBackward::write_gradient(const MlpForward& forward, std::size_t row, Parameters& gradient) const {
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const MlpLayer& layer = network_.layers[l];
    const double* outputs = gradients_[l].data() + row * layer.outputs;
    const double* inputs = forward.inputs(l).data() + examples_[row] * layer.inputs;
    double* weight = gradient[layer.weight].values.data();
    for (std::size_t o = 0; o < layer.outputs; ++o) {
      for (std::size_t i = 0; i < layer.inputs; ++i) weight[o * layer.inputs + i] = outputs[o] * inputs[i];
    }
    std::copy_n(outputs, layer.outputs, gradient[layer.bias].values.data());
  }
}

}  // namespace stockpot::probe
