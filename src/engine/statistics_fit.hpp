#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/io/statistic_words.hpp"
#include "stockpot/io/statistics_file.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::engine {

/// Where a statistic or its samples stand, for messages.
struct StatisticPlace {
  std::filesystem::path file;
  std::string object;
};

/// Throws Error{input} naming file and object.
[[noreturn]] void refuse_statistic(const StatisticPlace& place, const std::string& message);

/// The weight of a module: X.weight, or X.in_proj_weight of a module X.in_proj, tied names included. nullptr
/// if the model has neither.
const checkpoint::StoredTensor* weight_of(const checkpoint::Checkpoint& model, const std::string& module);

/// Throw Error{input} unless the model has the module's weight, a matrix of so many inputs or outputs
/// (`either`: one of both, where nothing says how the weight is stored); or the tensor in this shape.
enum class ModuleSide { inputs, outputs, either };
void require_module(const checkpoint::Checkpoint& model, const std::string& module, ModuleSide side,
                    std::uint64_t width, io::WeightLayout layout, const StatisticPlace& place);
void require_tensor(const checkpoint::Checkpoint& model, const std::string& tensor, const Shape& shape,
                    const StatisticPlace& place);

/// One dimension, beside others of 1.
bool is_vector(const Shape& shape);

/// Throws Error{input} unless every statistic of the file fits the model.
void require_fit(const checkpoint::Checkpoint& model, const io::StatisticsFile& file);

}  // namespace stockpot::engine
