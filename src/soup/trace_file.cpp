#include "soup/trace_file.hpp"

#include <fmt/format.h>

#include "stockpot/base/error.hpp"

namespace stockpot::soup {

TraceFile::TraceFile(const std::filesystem::path& path, std::uint64_t models) : models_(models), file_(path) {
  std::string text;
  for (const std::string& line : file_.lines()) text += line + "\n";
  stored_ = read_trace(text, models, path.string());
}

void TraceFile::add(const TraceEntry& entry) {
  if (entry.number < stored_.size()) {
    const StoredEvaluation& stored = stored_[entry.number];
    if (stored.number == entry.number && stored.phase == entry.phase && stored.reported == entry.reported &&
        stored.candidate == entry.candidate) {
      return;
    }
    throw Error(
        ExitCode::input,
        fmt::format("line {} is about another candidate than this search has there", entry.number + 1),
        {file_.path().string(), ""});
  }
  file_.add(to_line(entry, models_));
}

}  // namespace stockpot::soup
