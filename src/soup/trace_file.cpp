#include "soup/trace_file.hpp"

#include <fmt/format.h>

#include "stockpot/base/error.hpp"

namespace stockpot::soup {

TraceFile::TraceFile(const std::filesystem::path& path, std::uint64_t models)
    : models_(models), file_(io::File::open_to_write(path)) {
  std::string text(file_.size(), '\0');
  file_.read_exact(0, std::as_writable_bytes(std::span(text)));
  const std::size_t last_line_feed = text.rfind('\n');
  text.resize(last_line_feed == std::string::npos ? 0 : last_line_feed + 1);
  file_.resize(text.size());
  bytes_ = text.size();
  stored_ = read_trace(text, models, path.string());
}

void TraceFile::add(const TraceEntry& entry) {
  if (entry.number < stored_.size()) {
    const StoredEvaluation& stored = stored_[entry.number];
    if (stored.number == entry.number && stored.phase == entry.phase && stored.candidate == entry.candidate) {
      return;
    }
    throw Error(
        ExitCode::input,
        fmt::format("line {} is about another candidate than this search has there", entry.number + 1),
        {file_.path().string(), ""});
  }
  const std::string line = to_line(entry, models_) + "\n";
  file_.write_all(bytes_, std::as_bytes(std::span(line)));
  bytes_ += line.size();
}

}  // namespace stockpot::soup
