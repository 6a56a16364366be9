#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::io {

/// A journal says which work items are done, with the digests that prove it. Each rank appends to its own
/// file `journal/<rank>.bin` in the partial folder; any number of ranks may read them all. A record that is
/// torn or corrupt ends the reading of that file. Nothing here is trusted for the content of the output: who
/// resumes compares digests with the bytes on disk.
///
/// Layout, little-endian: magic "SPJRNL01", 16 bytes digest of the job; then records of: u64 item, u32 number
/// of digests n, n * 16 bytes, u64 XXH3-64 of the record so far.
class JournalWriter {
 public:
  /// Creates a new journal file for this run (never appends to an old one: names are made unique with `run`).
  JournalWriter(const std::filesystem::path& partial_folder, const Digest& job, int rank,
                const std::string& run);
  /// Thread safe; one write per record.
  void append(std::uint64_t item, std::span<const Digest> digests);
  void sync();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Records of every journal of `job` in the folder, by item; of several for one item the last read wins.
/// Journals of another job are ignored.
std::map<std::uint64_t, std::vector<Digest>> read_journals(const std::filesystem::path& partial_folder,
                                                           const Digest& job);

}  // namespace stockpot::io
