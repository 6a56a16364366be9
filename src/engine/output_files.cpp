#include "engine/output_files.hpp"

#include <map>
#include <utility>

#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::engine {

OutputFiles::OutputFiles(std::filesystem::path folder, const plan::OutputLayout& layout)
    : folder_(std::move(folder)), layout_(layout), slots_(layout.files.size()) {}

io::File& OutputFiles::open(std::uint32_t file) {
  Slot& slot = slots_[file];
  const std::lock_guard lock(slot.mutex);
  if (!slot.file) slot.file = io::File::open_to_write(folder_ / layout_.files[file].name);
  return *slot.file;
}

void OutputFiles::write(std::uint32_t file, std::uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  open(file).write_all(offset, bytes);
}

void OutputFiles::read(std::uint32_t file, std::uint64_t offset, std::span<std::byte> bytes) {
  open(file).read_exact(offset, bytes);
}

void OutputFiles::sync() {
  for (Slot& slot : slots_) {
    if (slot.file) slot.file->sync();
  }
}

void create_output_files(const std::filesystem::path& folder, plan::OutputLayout& layout,
                         std::vector<plan::TensorTask>& tasks) {
  if (layout.format == plan::OutputFormat::hdf5) {
    const std::filesystem::path path = folder / layout.files.front().name;
    std::vector<io::TensorHeader> headers;
    std::map<std::string, std::uint32_t> task_of_name;
    for (const std::uint32_t t : layout.files.front().tasks) {
      headers.push_back({tasks[t].name, tasks[t].dtype, tasks[t].tensor_shape(), 0, 0});
      task_of_name[tasks[t].name] = t;
    }
    const io::Hdf5State state = std::filesystem::exists(path)
                                    ? io::read_hdf5_state(path)
                                    : io::create_hdf5_state(path, headers, {{"format", "pt"}});
    for (const io::TensorHeader& tensor : state.tensors)
      tasks[task_of_name.at(tensor.name)].offset = tensor.offset;
    plan::place_blocks(tasks);
    return;
  }
  for (const plan::OutputFile& file : layout.files) {
    const io::File data = io::File::open_to_write(folder / file.name);
    data.write_all(0, std::as_bytes(std::span(file.header)));
    if (data.size() != file.bytes) data.resize(file.bytes);
  }
}

}  // namespace stockpot::engine
