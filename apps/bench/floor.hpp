#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stockpot::bench {

/// The files that a recipe reads, model by model.
struct Inputs {
  std::vector<std::vector<std::string>> models;  ///< the weight files of each

  [[nodiscard]] std::vector<std::string> all_files() const;
  [[nodiscard]] std::uint64_t total_bytes() const;
};

/// Weight files of every model and base model that a recipe names by a local path; each once. Throws
/// Error{usage} for a recipe without such models.
Inputs inputs_of_recipe(const std::filesystem::path& recipe);

/// What this machine needs for the same traffic without any arithmetic: `cat` of all inputs, then a copy of
/// the first model with `cp --reflink=never`, followed by `sync` if the merge syncs too. Returns the seconds;
/// the copy is deleted again.
double measure_floor(const Inputs& inputs, bool sync, const std::filesystem::path& scratch);

/// Writes a copy of a folder and deletes it. Done right before every timing: on virtual machines pages that
/// were freed a moment ago are several times faster to fill than fresh ones, for whoever comes first.
void write_and_delete_copy(const std::filesystem::path& folder, const std::filesystem::path& scratch);

}  // namespace stockpot::bench
