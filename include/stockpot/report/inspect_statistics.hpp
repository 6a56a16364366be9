#pragma once

#include <optional>
#include <string>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/report/inspect.hpp"

namespace stockpot::report {

/// What `inspect` tells of an HDF5 file that is no checkpoint: its JSON document and its table.
struct StatisticsInspection {
  std::string json;
  std::string text;
};

/// Collective. Sample files, statistics files and geometry files; nullopt on every rank if `reference` names
/// no such file (then it is a checkpoint's). With Depth::content rank 0 reads every value and refuses what
/// its readers refuse: NaN, negative diagonals, asymmetric matrices. The result is rank 0's alone, empty
/// texts elsewhere. Throws Error{input} on every rank alike. Cost: headers; with Depth::content the file
/// once, in blocks.
///
/// JSON: {"format": "samples"|"statistics"|"geometry", "file":, "bytes":, "format_version": 1,
/// "model_digest":, "examples":, "tokens":, "labels":, "objects": {path: {"dtype":, "shape":, "layout":,
/// "dimension":, "tokens":, "examples":, "classes":, "mask":, "weight_layout":, "same_as":}}}; keys that a
/// kind of file or object does not have are left out, values that were not read are null.
std::optional<StatisticsInspection> inspect_statistics(comm::Communicator& world,
                                                       const std::string& reference, Depth depth,
                                                       Listing listing);

}  // namespace stockpot::report
