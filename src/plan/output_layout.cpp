#include "stockpot/plan/output_layout.hpp"

#include <map>
#include <utility>

#include "stockpot/io/hf_index.hpp"
#include "stockpot/io/safetensors.hpp"

namespace stockpot::plan {
namespace {

std::vector<std::vector<std::uint32_t>> pack(const std::vector<TensorTask>& tasks,
                                             std::uint64_t shard_bytes) {
  std::vector<std::vector<std::uint32_t>> shards(1);
  std::uint64_t filled_bytes = 0;
  for (std::uint32_t t = 0; t < tasks.size(); ++t) {
    if (!tasks[t].begins_tensor()) continue;
    const std::uint64_t bytes = tensor_bytes(tasks[t].dtype, tasks[t].tensor_shape()).value_or(0);
    if (!shards.back().empty() && filled_bytes + bytes > shard_bytes) {
      shards.emplace_back();
      filled_bytes = 0;
    }
    shards.back().push_back(t);
    filled_bytes += bytes;
  }
  return shards;
}

}  // namespace

OutputLayout lay_out(std::vector<TensorTask>& tasks, OutputFormat format, std::uint64_t shard_bytes) {
  OutputLayout layout;
  layout.format = format;
  for (const TensorTask& task : tasks) {
    if (!task.begins_tensor()) continue;
    layout.tensor_bytes += tensor_bytes(task.dtype, task.tensor_shape()).value_or(0);
    layout.parameters += element_count(task.tensor_shape()).value_or(0);
  }
  if (format == OutputFormat::hdf5) {
    OutputFile file;
    file.name = "model.h5";
    for (std::uint32_t t = 0; t < tasks.size(); ++t) {
      if (tasks[t].begins_tensor()) file.tasks.push_back(t);
    }
    layout.files.push_back(std::move(file));
    return layout;
  }
  const auto shards = pack(tasks, shard_bytes);
  for (std::uint32_t s = 0; s < shards.size(); ++s) {
    std::vector<io::TensorHeader> headers;
    std::map<std::string, std::uint32_t> task_of_name;
    for (const std::uint32_t t : shards[s]) {
      headers.push_back({tasks[t].name, tasks[t].dtype, tasks[t].tensor_shape(), 0, 0});
      task_of_name[tasks[t].name] = t;
    }
    io::SafetensorsLayout shard = io::canonical_safetensors(std::move(headers), {{"format", "pt"}});
    OutputFile file;
    file.name = io::shard_name(s, shards.size());
    file.bytes = shard.file_bytes;
    for (const io::TensorHeader& tensor : shard.tensors) {
      const std::uint32_t t = task_of_name.at(tensor.name);
      tasks[t].file = s;
      tasks[t].offset = tensor.offset;
      file.tasks.push_back(t);
    }
    file.header = std::move(shard.header);
    layout.files.push_back(std::move(file));
  }
  place_blocks(tasks);
  return layout;
}

void place_blocks(std::vector<TensorTask>& tasks) {
  const TensorTask* head = nullptr;
  for (TensorTask& task : tasks) {
    if (task.begins_tensor()) {
      head = &task;
    } else if (task.writes()) {
      task.file = head->file;
      task.offset = head->offset + task.block->first_element * output_element_bytes(task);
    }
  }
}

}  // namespace stockpot::plan
