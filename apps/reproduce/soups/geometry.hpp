#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "soups/recipes.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::reproduce {

/// How models lie around a base model.
struct TaskGeometry {
  std::vector<double> norm;   ///< [models] |theta_i - theta_0|
  std::vector<double> angle;  ///< [models, models] in degrees
};

/// Collective. Measured by `stats geometry`'s job, which leaves its file at `out`; of one item, as ("layer",
/// "layers.0") or ("model", "all"). @pre the base is none of the models
TaskGeometry measure_task_geometry(comm::Communicator& world, std::uint64_t seed, const Paths& models,
                                   const std::filesystem::path& base, const std::string& kind,
                                   const std::string& item, const std::filesystem::path& out);

/// The angles of all pairs of different models. @pre angle: [models, models]
std::vector<double> pair_angles(const TaskGeometry& geometry);

}  // namespace stockpot::reproduce
