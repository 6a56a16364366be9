#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>

#include "engine/output_data.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/plan/output_layout.hpp"

namespace stockpot::engine {

/// The data files of the output as one rank writes them: opened on first use, synced once at the end.
class OutputFiles : public OutputData {
 public:
  OutputFiles(std::filesystem::path folder, const plan::OutputLayout& layout);

  void write(std::uint32_t file, std::uint64_t offset, std::span<const std::byte> bytes) override;
  void read(std::uint32_t file, std::uint64_t offset, std::span<std::byte> bytes) override;
  /// fsync of every file that this rank wrote to.
  void sync() override;

 private:
  struct Slot {
    std::mutex mutex;
    std::optional<io::File> file;
  };
  io::File& open(std::uint32_t file);

  std::filesystem::path folder_;
  const plan::OutputLayout& layout_;
  std::deque<Slot> slots_;
};

/// Creates every data file with its header and final size; for HDF5 the tasks' offsets become known. Files of
/// an earlier run with that size keep their content. Called by one rank.
void create_output_files(const std::filesystem::path& folder, plan::OutputLayout& layout,
                         std::vector<plan::TensorTask>& tasks);

}  // namespace stockpot::engine
