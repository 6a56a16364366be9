#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "soup/line_file.hpp"
#include "stockpot/soup/trace.hpp"

namespace stockpot::soup {

/// Name of the trace in the output's folder.
inline constexpr const char* trace_name = "soup_trace.jsonl";

/// The trace of a running search: every entry is one line that is appended as soon as it counts. What an
/// earlier run left there is read first; its entries are not written again.
class TraceFile {
 public:
  /// Opens or creates the file; a torn last line is cut off. Throws what `read_trace` throws, and
  /// Error{system_io}.
  TraceFile(const std::filesystem::path& path, std::uint64_t models);

  /// In order of their numbers.
  [[nodiscard]] const std::vector<StoredEvaluation>& stored() const { return stored_; }
  /// Appends the entry, or where the file has a line of its number checks that it is about the same
  /// candidate: Error{input} if not.
  void add(const TraceEntry& entry);
  void sync() const { file_.sync(); }

 private:
  std::uint64_t models_;
  LineFile file_;
  std::vector<StoredEvaluation> stored_;
};

}  // namespace stockpot::soup
