#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "stockpot/io/stored_dataset.hpp"

namespace stockpot::io {

/// What an HDF5 file is for, as the groups of its root tell.
enum class Hdf5Kind {
  state_dict,  ///< no group of the kinds below: datasets at the root
  samples,     ///< what `stats` reads
  statistics,  ///< Fisher and Grams
  geometry,    ///< norms and angles
};
/// Looks at the root alone. Throws Error{input} for what is no readable HDF5 file.
Hdf5Kind hdf5_kind(const std::filesystem::path& path);

/// Every dataset of a geometry file, sorted by path, shapes and types alone. Throws Error{input} naming file
/// and object for a missing or newer format_version and for what is no such file.
std::vector<StoredDataset> read_geometry_listing(const std::filesystem::path& path);

}  // namespace stockpot::io
