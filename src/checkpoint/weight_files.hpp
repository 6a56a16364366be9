#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stockpot::checkpoint {

/// Which files hold the weights of a model.
struct WeightFiles {
  std::filesystem::path folder;              ///< of config and tokenizer; empty for a bare file
  std::vector<std::filesystem::path> files;  ///< sorted by name
  bool hdf5 = false;
  std::filesystem::path index;                    ///< empty without one
  std::map<std::string, std::string> weight_map;  ///< of the index: tensor -> file name
  std::optional<double> stated_bytes;             ///< total_size of the index
};

/// Looks at names only, and into the index. Error{input} for a missing path, missing shards (all named), and
/// for folders whose weights nothing here reads, with the way out.
WeightFiles find_weight_files(const std::filesystem::path& path, std::vector<std::string>& warnings);

}  // namespace stockpot::checkpoint
