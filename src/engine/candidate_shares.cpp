#include "engine/candidate_shares.hpp"

#include <algorithm>
#include <exception>
#include <vector>

#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {
namespace {

constexpr std::uint64_t piece_bytes = std::uint64_t{8} << 20;
constexpr int share_tag = 71;

/// Calls `work(offset, count)` for pieces of `bytes` in order.
template <typename Work>
void for_pieces(std::uint64_t bytes, Work work) {
  for (std::uint64_t done = 0; done < bytes; done += piece_bytes) {
    work(done, std::min(piece_bytes, bytes - done));
  }
}

void send(comm::Communicator& world, int home, const CandidateMemory& memory) {
  for (const OutputRun& run : memory.runs()) {
    for_pieces(run.bytes, [&](std::uint64_t offset, std::uint64_t count) {
      world.start_send(memory.data(run).subspan(offset, count), home, share_tag, "candidate")->wait();
    });
  }
}

/// Takes everything that a rank sends, whatever becomes of it; the first failure.
std::exception_ptr receive(comm::Communicator& world, int rank, const std::vector<OutputRun>& runs,
                           std::vector<std::byte>& buffer, std::exception_ptr failure,
                           const OutputSink& take) {
  for (const OutputRun& run : runs) {
    for_pieces(run.bytes, [&](std::uint64_t offset, std::uint64_t count) {
      const std::span<std::byte> piece = std::span(buffer).first(count);
      world.start_receive(piece, rank, share_tag, "candidate")->wait();
      if (failure) return;
      try {
        take(run.file, run.offset + offset, piece);
      } catch (...) {
        failure = std::current_exception();
      }
    });
  }
  return failure;
}

}  // namespace

void bring_together(comm::Communicator& world, int home, const plan::MergePlan& plan,
                    const plan::ModelSet& models, const CandidateMemory& memory, const OutputSink& take) {
  std::vector<std::byte> buffer;
  comm::agree_after(world, "candidate", [&] {
    if (world.rank() == home && world.size() > 1) buffer.resize(piece_bytes);
  });
  std::exception_ptr failure;
  if (world.rank() != home) {
    send(world, home, memory);
  } else {
    try {
      for (const OutputRun& run : memory.runs()) take(run.file, run.offset, memory.data(run));
    } catch (...) {
      failure = std::current_exception();
    }
    for (int rank = 0; rank < world.size(); ++rank) {
      if (rank == home) continue;
      const std::vector<OutputRun> runs = output_runs(plan, models, static_cast<std::uint64_t>(rank));
      failure = receive(world, rank, runs, buffer, failure, take);
    }
  }
  comm::agree(world, failure, "candidate");
}

}  // namespace stockpot::engine
