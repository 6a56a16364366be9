#include "mlp_squares.hpp"

#include <cstddef>

#include "ordered_product.hpp"

namespace stockpot::probe {

MlpSquares::MlpSquares(const MlpNetwork& network, const MlpForward& forward)
    : network_(network), forward_(forward) {
  for (const MlpLayer& layer : network.layers) squares_.emplace_back(forward.examples() * layer.outputs);
}

void MlpSquares::add(std::span<const LabelRow> rows, const MlpBackward& backward) {
  for (std::size_t l = 0; l < squares_.size(); ++l) {
    const std::size_t outputs = network_.layers[l].outputs;
    const std::span<const double> gradients = backward.output_gradients(l);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      double* sums = squares_[l].data() + rows[r].example * outputs;
      for (std::size_t o = 0; o < outputs; ++o) {
        const double g = gradients[r * outputs + o];
        sums[o] += rows[r].weight * (g * g);
      }
    }
  }
}

void MlpSquares::add_to(Parameters& sums) const {
  const std::size_t examples = forward_.examples();
  for (std::size_t l = 0; l < squares_.size(); ++l) {
    const MlpLayer& layer = network_.layers[l];
    std::vector<double> inputs(forward_.inputs(l).begin(), forward_.inputs(l).end());
    for (double& value : inputs) value *= value;
    add_product(dense(squares_[l].data(), examples, layer.outputs).transposed(),
                dense(inputs.data(), examples, layer.inputs), sums[layer.weight].values.data());
    std::vector<double>& bias = sums[layer.bias].values;
    for (std::size_t e = 0; e < examples; ++e) {
      for (std::size_t o = 0; o < layer.outputs; ++o) bias[o] += squares_[l][e * layer.outputs + o];
    }
  }
}

}  // namespace stockpot::probe
