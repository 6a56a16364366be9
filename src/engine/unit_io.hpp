#pragma once

#include <cstdint>
#include <span>

#include "engine/job.hpp"
#include "stockpot/plan/tiling.hpp"

namespace stockpot::engine {

/// Local, thread safe. Reads elements [first, first + count) of one input as the task's tiles hold them, and
/// counts the bytes.
void read_input(Job& job, const plan::TensorTask& task, const plan::InputRef& input, std::uint64_t first,
                std::uint64_t count, std::byte* out);

/// Local, thread safe. The bytes of the result for one tile: what the method computes into tile.output, a
/// conversion, or, bytewise, the first input itself. Throws for integers that disagree and, as the policy
/// says, for NaN and infinity.
std::span<const std::byte> merge_tile(Job& job, const plan::TensorTask& task, const method::ElementPass* pass,
                                      const method::Tile& tile);

/// Throws Error{input} naming the file if the tile comes with Fisher values that are none.
void check_fisher(const Job& job, const plan::TensorTask& task, const method::Tile& tile);

/// Counts non-finite elements of a finished tile and throws where the policy is to refuse them.
void check_finite(Job& job, const plan::TensorTask& task, const method::Tile& tile,
                  kernel::ElementCounts counts);

/// Where a tile of the output that begins at element `first` may be made in place; null where it can't.
std::byte* output_room(Job& job, const plan::TensorTask& task, std::uint64_t first);

/// Local, thread safe. Writes a tile of the output and counts the bytes.
void write_tile(Job& job, const plan::TensorTask& task, std::uint64_t first,
                std::span<const std::byte> bytes);

/// Local. True if what an earlier run wrote of a unit still has the digests that it journaled. `scratch` is
/// working space.
bool is_intact(Job& job, const plan::TensorTask& task, const plan::ElementSpan& range,
               const UnitRecord& record, std::span<std::byte> scratch);

/// Local. Fills in what the tile's method sees of `all`, the data of all that the task reads, in that order.
void hand_out(const plan::TensorTask& task, std::span<const kernel::TypedInput> all, method::Tile& tile);

/// Bytes that a tile of `count` elements of this input takes in memory.
std::uint64_t tile_bytes(const plan::TensorTask& task, const plan::ModelSet& models,
                         const plan::InputRef& input, std::uint64_t count);

}  // namespace stockpot::engine
