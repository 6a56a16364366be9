#pragma once

#include <functional>
#include <memory>

#include "stockpot/method/method.hpp"
#include "stockpot/stats/gram_sums.hpp"

namespace stockpot::method {

/// Takes the inner products of the models of a scope, possibly often and on several threads.
using GramSink = std::function<void(const stats::GramMatrix&)>;

/// The mean of the models, as uniform_soup has it, which on its way shows `sink` the Gram matrix of their
/// task vectors, or of themselves in a recipe without base model. One reading more than the mean takes.
std::shared_ptr<const Method> make_measured_mean(bool has_anchor, GramSink sink);

}  // namespace stockpot::method
