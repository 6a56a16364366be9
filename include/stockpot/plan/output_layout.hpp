#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stockpot/plan/task.hpp"

namespace stockpot::plan {

enum class OutputFormat { safetensors, hdf5 };

/// One data file of the output: what its header says and how long it is.
struct OutputFile {
  std::string name;                  ///< in the output folder
  std::string header;                ///< first bytes of a safetensors file; empty for HDF5
  std::uint64_t bytes = 0;           ///< of the whole file; 0 for HDF5 (the library decides)
  std::vector<std::uint32_t> tasks;  ///< that begin the tensors it holds, in order of offset
};

struct OutputLayout {
  OutputFormat format = OutputFormat::safetensors;
  std::vector<OutputFile> files;
  std::uint64_t tensor_bytes = 0;  ///< of all tensors
  std::uint64_t parameters = 0;    ///< elements of all tensors
};

/// Packs the tensors of writing tasks, in their order, into files of at most `shard_bytes` tensor bytes (a
/// larger tensor gets a file of its own) and sets each task's file and offset. HDF5 makes one file, whose
/// offsets are known once it is created.
OutputLayout lay_out(std::vector<TensorTask>& tasks, OutputFormat format, std::uint64_t shard_bytes);

/// Sets file and offset of the tasks that make further blocks of a tensor, from those of its first task.
void place_blocks(std::vector<TensorTask>& tasks);

}  // namespace stockpot::plan
