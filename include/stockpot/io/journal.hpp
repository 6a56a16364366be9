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

/// Folder of the journals inside the partial folder.
inline constexpr const char* journal_folder_name = "journal";

/// A journal says which work items are done, with the digests that prove it. Each rank appends to its own
/// file `journal/<rank>.<run>.bin` in the partial folder; any number of ranks may read them all. A record
/// that is torn or corrupt ends the reading of that file. Nothing here is trusted for the content of the
/// output: who resumes compares digests with the bytes on disk.
///
/// Layout, little-endian: magic "SPJRNL01", 16 bytes digest of the job; then records of: u64 item, u32 number
/// of digests n, n * 16 bytes, u64 XXH3-64 of the record so far.
class JournalWriter {
 public:
  /// Creates a new journal file for this run: `run` (letters, digits, `-`, `_`) must be new to the folder, so
  /// that nothing is ever appended to an old journal. Local; throws Error{system_io}.
  JournalWriter(const std::filesystem::path& partial_folder, const Digest& job, int rank,
                const std::string& run);
  /// Thread safe; one write per record.
  void append(std::uint64_t item, std::span<const Digest> digests);
  /// Makes what was appended survive a crash of the machine.
  void sync();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Records of one journal's bytes, by item; of several for one item the last wins. Empty for another job or
/// no journal at all.
std::map<std::uint64_t, std::vector<Digest>> parse_journal(std::span<const std::byte> bytes,
                                                           const Digest& job);

/// Records of every journal of `job` in the folder, by item; of several for one item the last read wins
/// (files in order of their names). Journals of another job are ignored.
std::map<std::uint64_t, std::vector<Digest>> read_journals(const std::filesystem::path& partial_folder,
                                                           const Digest& job);

}  // namespace stockpot::io
