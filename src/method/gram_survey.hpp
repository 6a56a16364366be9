#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "stockpot/method/survey.hpp"
#include "stockpot/stats/gram_sums.hpp"

namespace stockpot::method {

/// Which vectors a Gram matrix spans.
enum class Span {
  models,            ///< x_i
  task_vectors,      ///< x_i - b
  anchor_and_models  ///< b, then x_i
};

/// Inner products over a scope, or over one row of a tensor.
struct Geometry {
  stats::GramMatrix gram;
  /// |y_1 - y_0|^2, summed directly where there are two vectors: exact where they nearly agree.
  std::optional<double> squared_difference;
};

/// What a method makes of the geometry: the form that merges a tensor, and what it reports.
struct LinearMerge {
  kernel::LinearForm form;
  Diagnostics diagnostics;
};
using SolveGeometry = std::function<LinearMerge(const TensorContext& tensor, const Geometry& geometry)>;

/// The geometry of `count` elements of a tile, from `first` on, counted as the inputs are. Local.
Geometry geometry_of(Span span, const Tile& tile, std::uint64_t first, std::uint64_t count);

/// What the survey below costs.
SurveyCost gram_cost(Span span, std::size_t models);

/// Reads everything once: the Gram matrix of a scope, from which each of its tensors gets a linear form.
std::unique_ptr<Survey> make_gram_survey(const ScopeContext& scope, Span span, SolveGeometry solve);

}  // namespace stockpot::method
