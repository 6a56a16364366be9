#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "merge_fixture.hpp"
#include "support/statistics_builder.hpp"

namespace stockpot::engine {

/// What tests/golden/make_methods.py computed with NumPy.
inline const std::filesystem::path golden_folder =
    std::filesystem::path(__FILE__).parent_path() / "../../golden/methods";

/// The recipes below one of its folders.
inline std::vector<std::filesystem::path> golden_cases(const std::string& name) {
  std::set<std::filesystem::path> cases;
  if (!std::filesystem::is_directory(golden_folder / name)) return {};
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder / name)) {
    if (entry.path().extension() == ".yml") cases.insert(entry.path());
  }
  return {cases.begin(), cases.end()};
}

/// Text of a case's recipe; its statistics lie in `statistics`.
inline std::string golden_recipe(const std::filesystem::path& path, const std::filesystem::path& statistics) {
  std::string text = read_file(path);
  const auto replace_all = [&text](const std::string& word, const std::string& by) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) {
      text.replace(at, word.size(), by);
    }
  };
  replace_all("MODELS", (golden_folder / "models").string());
  replace_all("STATISTICS", statistics.string());
  return text;
}

inline OutputTensors golden_output(std::filesystem::path path) {
  return read_tensors(path.replace_extension(".safetensors"));
}

/// The Fisher values are kept as checkpoints.
inline void write_golden_statistics(const std::filesystem::path& folder) {
  for (const std::string model : {"layered_a", "layered_b", "layered_c"}) {
    const OutputTensors fisher = read_tensors(golden_folder / "models" / (model + "_fisher.safetensors"));
    stockpot::test::write_fisher(folder / (model + ".h5"),
                                 golden_folder / "models" / (model + ".safetensors"), fisher);
  }
}

}  // namespace stockpot::engine
