#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/checkpoint/view.hpp"
#include "support/checkpoint_builder.hpp"

namespace stockpot::test {

/// A tensor as it stands in a file.
struct OutputTensor {
  DType dtype = DType::f32;
  Shape shape;
  std::vector<std::byte> bytes;

  friend bool operator==(const OutputTensor&, const OutputTensor&) = default;
};
using OutputTensors = std::map<std::string, OutputTensor>;

inline OutputTensors tensors_of(const CheckpointBuilder& builder) {
  OutputTensors tensors;
  for (const auto& [name, tensor] : builder.tensors())
    tensors[name] = {tensor.dtype, tensor.shape, tensor.bytes};
  return tensors;
}

/// Every tensor of a checkpoint on disk.
inline OutputTensors read_tensors(const std::filesystem::path& path) {
  std::vector<std::string> warnings;
  const checkpoint::Checkpoint opened = checkpoint::open_checkpoint(path, path.string(), warnings);
  const checkpoint::ViewReader reader(opened);
  OutputTensors tensors;
  for (const checkpoint::StoredTensor& stored : opened.tensors) {
    std::vector<std::byte> bytes(stored.bytes);
    reader.read_stored(stored, 0, bytes);
    tensors[stored.name] = {stored.dtype, stored.shape, std::move(bytes)};
  }
  return tensors;
}

/// Names what differs instead of printing megabytes.
inline void expect_same_tensors(const OutputTensors& actual, const OutputTensors& expected) {
  for (const auto& [name, tensor] : expected) {
    const auto found = actual.find(name);
    if (found == actual.end()) {
      ADD_FAILURE() << name << " is missing";
      continue;
    }
    EXPECT_EQ(found->second.dtype, tensor.dtype) << name;
    EXPECT_EQ(found->second.shape, tensor.shape) << name;
    ASSERT_EQ(found->second.bytes.size(), tensor.bytes.size()) << name;
    const auto [at, unused] =
        std::mismatch(tensor.bytes.begin(), tensor.bytes.end(), found->second.bytes.begin());
    EXPECT_EQ(at, tensor.bytes.end()) << name << " differs from byte " << at - tensor.bytes.begin();
  }
  for (const auto& [name, tensor] : actual)
    EXPECT_TRUE(expected.contains(name)) << name << " is not expected";
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}
inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Names and contents of all files below a folder, without the run file, which tells of the run.
inline std::map<std::string, std::string> read_folder(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (entry.is_regular_file() && name != "stockpot_run.json") files[name] = read_file(entry.path());
  }
  return files;
}

}  // namespace stockpot::test
