#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace stockpot::layering {

/// Module -> modules whose public headers it may include, as cmake/layers.txt says.
using Layers = std::map<std::string, std::set<std::string>>;
Layers read_layers(const std::filesystem::path& file);

struct Violation {
  std::string file;  ///< relative to the tree
  int line = 0;
  std::string message;

  friend bool operator==(const Violation&, const Violation&) = default;
};
std::string to_string(const Violation& violation);

/// Checks include/stockpot/MODULE and src/MODULE of a tree, in order of file and line:
/// - includes of stockpot headers follow `layers`;
/// - MPI, NCCL, CUDA, HDF5, Eigen, yaml-cpp, pagmo2 and NLopt stay in the modules that own them;
/// - files are opened in io and base only, and mapped nowhere;
/// - in headers of comm and engine, functions that take a communicator, and the collective members of
///   Communicator, are documented by a text that begins with "Collective" or "Local".
std::vector<Violation> check_tree(const std::filesystem::path& root, const Layers& layers);

}  // namespace stockpot::layering
