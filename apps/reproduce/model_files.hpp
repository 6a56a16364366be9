#pragma once

#include <filesystem>

#include "cells.hpp"
#include "stockpot/probe/parameters.hpp"

/// What the pipeline reads and writes: checkpoints and data files, as any other program would make them. All
/// local.
namespace stockpot::reproduce {

/// Writes a folder with config.json and model.safetensors (F32, each value rounded once), replacing what is
/// there.
void write_model(const std::filesystem::path& folder, const probe::Parameters& parameters);

/// Every tensor of a checkpoint, sorted by name. Throws Error{input} naming file and tensor.
probe::Parameters read_model(const std::filesystem::path& folder);

/// Writes /x (F64) and /y (I64), replacing an older file.
void write_data(const std::filesystem::path& path, const Examples& examples);

}  // namespace stockpot::reproduce
