#pragma once

#include <cstdint>

#include "method_grids.hpp"

namespace stockpot::reproduce {

/// Floating-point operations by formula, of the layers that are merged (the head is not). An addition, a
/// multiplication, a division and a comparison count one each. Of one merge of `models` models.
double merge_flops(const MethodGrid& grid, const Candidate& candidate, std::uint64_t models);
/// Of one model's statistics, from that many examples.
double statistics_flops(Statistic statistic, std::uint64_t examples);
/// Of training, from what each epoch sees.
double training_flops(std::uint64_t examples, std::uint64_t epochs);

}  // namespace stockpot::reproduce
