#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/report/options.hpp"

namespace stockpot::report {

/// Something that is not as the manifest says. `tensor` is empty for what concerns a whole file.
struct Mismatch {
  std::string file;
  std::string tensor;
  std::string problem;

  friend bool operator==(const Mismatch&, const Mismatch&) = default;
};

/// What a look at a whole output found, the same on every rank.
struct Verification {
  std::vector<Mismatch> mismatches;  ///< in the manifest's order of names
  std::uint64_t tensors = 0;         ///< in the manifest
  std::uint64_t bytes = 0;           ///< of the tensors of the output

  [[nodiscard]] bool passed() const { return mismatches.empty(); }
};

/// Collective. Compares the checkpoint in `output` with the manifest beside it: every tensor there with its
/// dtype, shape, file and content digest, no other tensor, shards and index in agreement. A checkpoint that
/// does not open is a mismatch. Throws on every rank alike: Error{input} when there is no manifest or it is
/// malformed; Error{system_io}; Error{stopped}. Cost: every tensor byte is read once, spread over ranks and
/// threads, 1 MiB of buffer a thread.
Verification verify(comm::Communicator& world, const std::filesystem::path& output, const Options& options);

/// "OUT/model.safetensors: tensor 'x': ..." for each mismatch, then one line that sums up.
std::string verification_text(const Verification& found, const std::filesystem::path& output);
/// {"verified": bool, "tensors": n, "bytes": n, "problems": [{"file":, "tensor":, "problem":}]}
std::string verification_json(const Verification& found);

/// Collective. `verify`, printed on rank 0's standard output; the exit code: 0, or 5 after a mismatch.
int verify_output(comm::Communicator& world, const std::filesystem::path& output, const Options& options,
                  bool json);
/// Collective. The same with `threads` threads, silently.
int verify_output(comm::Communicator& world, const std::filesystem::path& output, int threads, bool json);

}  // namespace stockpot::report
