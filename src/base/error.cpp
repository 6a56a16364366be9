#include "stockpot/base/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace stockpot {
namespace {

std::string describe(const std::string& message, const Subject& subject) {
  std::string line;
  if (!subject.file.empty()) line += subject.file + ": ";
  if (!subject.tensor.empty()) line += "tensor " + quote(subject.tensor) + ": ";
  return line + message;
}

}  // namespace

Error::Error(ExitCode code, const std::string& message, Subject subject)
    : std::runtime_error(describe(message, subject)), code_(code), subject_(std::move(subject)) {}

std::string quote(std::string_view text) {
  constexpr std::size_t longest_bytes = 200;
  std::string out = "'";
  for (const char c : text.substr(0, longest_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + (text.size() > longest_bytes ? "...'" : "'");
}

}  // namespace stockpot
