#include "flops.hpp"

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace stockpot::reproduce {
namespace {

double real(std::uint64_t count) {
  return static_cast<double>(count);
}

/// Sum of term(inputs, outputs) over the first `layers` layers.
double over_layers(std::size_t layers, const std::function<double(double, double)>& term) {
  double sum = 0;
  for (std::size_t l = 0; l < layers; ++l) sum += term(real(mlp_widths()[l]), real(mlp_widths()[l + 1]));
  return sum;
}

std::size_t all_layers() {
  return mlp_widths().size() - 1;
}

double parameters(std::size_t layers) {
  return over_layers(layers, [](double in, double out) { return (in + 1) * out; });
}

/// Norms or a Gram matrix of K vectors, a coefficient for each.
double span_flops(double models, double elements) {
  return (models * (models + 1) + 2 * models) * elements;
}

double regmean_flops(double models) {
  return over_layers(all_layers() - 1, [&](double in, double out) {
    const double sums = models * (in * in + 2 * in * in * out);
    return sums + in * in * in / 3 + 2 * in * in * out;
  });
}

/// Right-hand side, then per iteration one product with the operator and five passes over the unknowns.
double mats_flops(double models, double iterations, bool both_sides) {
  return over_layers(all_layers() - 1, [&](double in, double out) {
    const double one_side = 2 * in * in * out;
    const double sandwich = models * (one_side + 2 * in * out * out);
    return (both_sides ? sandwich : models * one_side) +
           iterations * ((both_sides ? sandwich : one_side) + 10 * in * out);
  });
}

}  // namespace

double merge_flops(const MethodGrid& grid, const Candidate& candidate, std::uint64_t models) {
  const double k = real(models);
  const double p = parameters(all_layers() - 1);
  if (grid.name == "average") return k * p;
  if (grid.name == "mlerp") return span_flops(k, p);
  if (grid.name == "model_stock") return (k + 3) * p + span_flops(k, p);
  if (grid.name == "task_arithmetic") return (3 * k + 1) * p;
  if (grid.name == "ties") return (5 * k + 3) * p;
  if (grid.name == "dare") return (4 * k + 1) * p;
  if (grid.name == "fisher") return (7 * k + 1) * p;
  if (grid.name == "regmean") return regmean_flops(k);
  if (grid.method == "mats") {
    return mats_flops(k, std::stod(candidate.at("iterations")), grid.name == "mats_kfac");
  }
  throw std::invalid_argument("merge_flops: no formula for " + grid.name);
}

double statistics_flops(Statistic statistic, std::uint64_t examples) {
  const double forward = 2 * parameters(all_layers());
  const double both = over_layers(all_layers(), [](double in, double out) { return in * in + out * out; });
  switch (statistic) {
    case Statistic::none:
      return 0;
    case Statistic::gram:  // forward, backward for the output gradients, one triangle of each Gram
      return real(examples) * (2 * forward + both);
    case Statistic::fisher:  // forward, then per class a gradient, its square and a sum
      return real(examples) * (forward + real(mlp_widths().back()) * 2.5 * forward);
  }
  return 0;
}

double training_flops(std::uint64_t examples, std::uint64_t epochs) {
  return real(examples * epochs) * 6 * parameters(all_layers());
}

}  // namespace stockpot::reproduce
