#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/block_digester.hpp"
#include "engine/job.hpp"

namespace stockpot::engine {

/// Does whole units, one after the other, in a buffer of its own: read tiles of every input, merge, write, digest. One per lane.
class UnitWorker {
 public:
  explicit UnitWorker(Job& job);
  /// Local. Reads, merges and writes a unit, or verifies what an earlier run wrote of it.
  void run(std::uint32_t task, std::uint64_t unit);

 private:
  bool verify_earlier(const plan::TensorTask& task, const UnitRange& range, const UnitRecord& record);
  void read_inputs(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs, const method::Tile& tile);
  void place_buffers(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs, std::uint64_t length);
  std::span<const std::byte> merge_tile(const plan::TensorTask& task, const method::ElementPass* pass,
                                        const method::Tile& tile);
  void digest_inputs(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs, std::uint64_t count);

  Job& job_;
  MemoryBudget::Token buffer_;
  std::vector<std::byte*> input_data_;
  std::byte* output_data_ = nullptr;
  std::vector<kernel::TypedInput> typed_inputs_;
  kernel::TypedInput anchor_;
  BlockDigester output_digester_;
  std::vector<BlockDigester> input_digesters_;
};

}  // namespace stockpot::engine
