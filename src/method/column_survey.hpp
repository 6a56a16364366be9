#pragma once

#include <functional>
#include <memory>

#include "method/arc.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// Elements of a line across a tensor's first axis, that is of a row of its columns; 1 for a vector or a
/// scalar, which is one column.
std::uint64_t column_count(const TensorContext& tensor);

/// Tiles must hold whole blocks of so many elements for the survey below.
std::uint64_t column_block(const TensorContext& tensor);

/// What the survey costs. It holds some sums of every column, for each level of the tree over blocks.
SurveyCost column_survey_cost(const TensorContext& tensor);

using SolveLine = std::function<Shares(const TensorContext& tensor, const Geometry& geometry)>;

/// Reads everything once: the geometry of each column of two models or, with an anchor, of their task
/// vectors. Each of its lines then gets shares of its own. Columns run along axis 0. It has no findings to
/// resume from: two numbers for each column, which a journal would hold for every tensor and each rank would
/// read back, up to a gigabyte for the largest models.
std::unique_ptr<Survey> make_column_survey(const ScopeContext& scope, SolveLine solve);

}  // namespace stockpot::method
