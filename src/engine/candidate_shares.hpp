#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "engine/candidate_memory.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::engine {

/// Takes bytes of an output's data file.
using OutputSink = std::function<void(std::uint32_t file, std::uint64_t offset, std::span<const std::byte>)>;

/// Collective. Every rank's share of a candidate goes to `take` on rank `home`: its own at once, the others'
/// as they arrive, in pieces. What `take` throws ends it on every rank, once everything has arrived.
void bring_together(comm::Communicator& world, int home, const plan::MergePlan& plan,
                    const plan::ModelSet& models, const CandidateMemory& memory, const OutputSink& take);

}  // namespace stockpot::engine
