#include "checkpoint/config_json.hpp"

#include <array>

namespace stockpot::checkpoint {
namespace {

constexpr std::array<std::string_view, 3> bare_words{"-Infinity", "Infinity", "NaN"};
constexpr std::string_view mark = "@stockpot-bare-number:";

}  // namespace

std::string mark_bare_numbers(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\' && i + 1 < text.size()) {
      out += c;
      out += text[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    std::string_view found;
    for (const std::string_view word : bare_words) {
      if (!in_string && found.empty() && text.substr(i, word.size()) == word) found = word;
    }
    if (found.empty()) {
      out += c;
    } else {
      out.append("\"").append(mark).append(found).append("\"");
      i += found.size() - 1;
    }
  }
  return out;
}

std::string unmark_bare_numbers(std::string text) {
  for (const std::string_view word : bare_words) {
    const std::string marked = std::string("\"").append(mark).append(word).append("\"");
    for (std::size_t at = text.find(marked); at != std::string::npos; at = text.find(marked, at)) {
      text.replace(at, marked.size(), word);
    }
  }
  return text;
}

}  // namespace stockpot::checkpoint
