#pragma once

#include <cstdint>
#include <vector>

#include "stockpot/probe/training.hpp"

namespace stockpot::reproduce {

/// How long everything is trained. `quick` shows in seconds that all parts work together; its figures say
/// little.
enum class Effort : std::uint8_t { full, quick };

/// 64-128-64-10, the head last.
const std::vector<std::uint64_t>& mlp_widths();
/// Tensors that fine-tuning leaves as they are, and a regular expression that matches them.
const std::vector<std::string>& head_tensors();
inline constexpr const char* head_pattern = "layers\\.2\\..*";

probe::TrainingOptions anchor_training(Effort effort, std::uint64_t seed);
/// Of one model; `task` tells apart models of one seed.
probe::TrainingOptions fine_tuning(Effort effort, std::uint64_t seed, std::uint64_t task);

}  // namespace stockpot::reproduce
