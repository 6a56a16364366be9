#pragma once

#include <cstdint>
#include <vector>

#include "engine/block_digester.hpp"
#include "engine/job.hpp"
#include "engine/work_schedule.hpp"
#include "stockpot/plan/tiling.hpp"

namespace stockpot::engine {

/// Does whole units, one after the other, in a buffer of its own: read tiles of every input, merge, write,
/// digest. One per lane.
class UnitWorker {
 public:
  explicit UnitWorker(Job& job);
  /// Local. Reads, merges and writes a unit, or finds that an earlier run has done so.
  void run(std::uint32_t task, std::uint64_t unit);
  /// Local. Shows the item's tiles to its survey.
  void survey(const WorkItem& item);

 private:
  /// Cuts the buffer into a tile for each input and one for the output.
  method::Tile place_tile(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
                          std::uint64_t length);
  /// Reads the elements of a tile, and those that complete its rows.
  void read(const plan::TensorTask& task, const std::vector<plan::InputRef>& inputs,
            const plan::TileSpan& span, method::Tile& tile);
  void merge(std::uint32_t task, const std::vector<plan::InputRef>& inputs, const plan::ElementSpan& span);
  void survey(method::Survey& survey, const plan::ScopePlace& place, std::uint32_t task,
              const plan::ElementSpan& span);

  Job& job_;
  MemoryBudget::Token buffer_;
  std::vector<std::byte*> input_data_;            ///< by input, as below
  std::vector<kernel::TypedInput> typed_inputs_;  ///< all that the task reads
  BlockDigester output_digester_;
  std::vector<BlockDigester> input_digesters_;
};

}  // namespace stockpot::engine
