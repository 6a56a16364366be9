#include <algorithm>
#include <array>

#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::io {
namespace {

/// What HDF5 can't hold as a link or attribute name, and the escape character itself.
struct Escape {
  char character;
  std::string_view text;
};
constexpr std::array<Escape, 3> escapes{{{'%', "%25"}, {'/', "%2F"}, {'\0', "%00"}}};
constexpr std::string_view escaped_dot = "%2E";
constexpr std::string_view escaped_empty = "%";

}  // namespace

std::string escape_hdf5_name(std::string_view tensor_name) {
  if (tensor_name.empty()) return std::string(escaped_empty);
  if (tensor_name == ".") return std::string(escaped_dot);
  std::string out;
  for (const char c : tensor_name) {
    const auto escape =
        std::find_if(escapes.begin(), escapes.end(), [c](const Escape& e) { return e.character == c; });
    if (escape == escapes.end()) {
      out += c;
    } else {
      out += escape->text;
    }
  }
  return out;
}

std::string unescape_hdf5_name(std::string_view object_name) {
  if (object_name == escaped_empty) return "";
  if (object_name == escaped_dot) return ".";
  std::string out;
  while (!object_name.empty()) {
    const auto escape = std::find_if(escapes.begin(), escapes.end(), [object_name](const Escape& e) {
      return object_name.substr(0, e.text.size()) == e.text;
    });
    const std::size_t taken = escape == escapes.end() ? 1 : escape->text.size();
    out += escape == escapes.end() ? object_name.front() : escape->character;
    object_name.remove_prefix(taken);
  }
  return out;
}

}  // namespace stockpot::io
