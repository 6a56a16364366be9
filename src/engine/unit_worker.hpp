#pragma once

#include <cstdint>
#include <vector>

#include "engine/block_digester.hpp"
#include "engine/job.hpp"

namespace stockpot::engine {

/// Does whole units, one after the other, in a buffer of its own: read tiles of every input, merge, write,
/// digest. One per lane.
class UnitWorker {
 public:
  explicit UnitWorker(Job& job);
  /// Local. Reads, merges and writes a unit, or finds that an earlier run has done so.
  void run(std::uint32_t task, std::uint64_t unit);

 private:
  /// Cuts the buffer into a tile for each input and one for the output.
  method::Tile place_tile(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                          std::uint64_t length);
  void merge(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs, const UnitRange& range);

  Job& job_;
  MemoryBudget::Token buffer_;
  std::vector<std::byte*> input_data_;  ///< by input, the anchor last
  std::vector<kernel::TypedInput> typed_inputs_;
  BlockDigester output_digester_;
  std::vector<BlockDigester> input_digesters_;
};

}  // namespace stockpot::engine
