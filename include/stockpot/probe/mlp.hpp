#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "stockpot/probe/probe.hpp"

namespace stockpot::probe {

/// The built-in model: `layers.N.weight` [out, in] and `layers.N.bias` [out] for N = 0, 1, ..., ReLU between
/// layers (its derivative at 0 is 0), none after the last, whose outputs are the logits. Modules are
/// `layers.N`; an example is one token. Arithmetic in double, every product and sum rounded on its own:
///   output = bias + input_0 w_0 + input_1 w_1 + ..., from left to right;
///   d input = 0 + d output_0 w_0 + ...;  gradient sums grow by one example at a time.
/// exp and log are the C library's, which may differ in the last bit between CPU types.
///
/// Costs 2 * parameters flops per example forward, twice that backward; `visit_gradients` writes as many
/// values as there are parameters per visit. `add_squared_gradients` takes sum weight * (d x)^2 of a weight
/// as (sum weight * d^2) * x^2, sums over labels, so that exact labels cost little more than others. Memory:
/// the parameters, one block of 64 rows of every layer, and for visits one gradient.
///
/// Throws Error{input} naming the tensor: one that is missing, unknown, given twice, empty, of another rank,
/// or whose shape doesn't follow from the layer before.
std::unique_ptr<Probe> open_mlp(const Parameters& parameters);

/// Fresh parameters of layers widths[0] -> widths[1] -> ...: weights uniform in +-sqrt(6 / in) (He's
/// initialisation for ReLU), biases 0. Element e of a tensor comes from words 2e and 2e + 1 of
/// `kernel::random_key(seed, "", tensor name)`. Throws Error{usage} for fewer than two widths or a width of
/// 0.
Parameters initial_mlp(std::span<const std::uint64_t> widths, std::uint64_t seed);

}  // namespace stockpot::probe
