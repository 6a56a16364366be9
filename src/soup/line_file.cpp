#include "soup/line_file.hpp"

#include <span>

namespace stockpot::soup {

LineFile::LineFile(const std::filesystem::path& path) : file_(io::File::open_to_write(path)) {
  std::string text(file_.size(), '\0');
  file_.read_exact(0, std::as_writable_bytes(std::span(text)));
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', bytes_)) {
    lines_.push_back(text.substr(bytes_, end - bytes_));
    bytes_ = end + 1;
  }
  file_.resize(bytes_);
}

void LineFile::add(const std::string& line) {
  const std::string whole = line + "\n";
  file_.write_all(bytes_, std::as_bytes(std::span(whole)));
  bytes_ += whole.size();
}

}  // namespace stockpot::soup
