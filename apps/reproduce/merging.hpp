#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/options.hpp"

namespace stockpot::reproduce {

/// A scalar that YAML reads as this text, whatever it holds.
std::string quoted(const std::string& text);

/// How studies run the pipeline: an older output is replaced, nothing is synced, ranks share out the layers.
engine::RunOptions job_options(const comm::Communicator& world, std::uint64_t seed,
                               const std::filesystem::path& out);

/// Collective. Writes the recipe of an output beside it and gives its path.
std::filesystem::path place_recipe(comm::Communicator& world, const std::string& recipe,
                                   const std::filesystem::path& out);

/// Collective. Merges by a recipe, which is left beside the output.
void merge(comm::Communicator& world, std::uint64_t seed, const std::string& recipe,
           const std::filesystem::path& out);

}  // namespace stockpot::reproduce
