#include "source_text.hpp"

#include <cctype>
#include <cstddef>
#include <sstream>

namespace stockpot::layering {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool is_include(std::string_view line) {
  line = trimmed(line);
  if (line.empty() || line.front() != '#') return false;
  return trimmed(line.substr(1)).starts_with("include");
}

/// Blanks one line; `in_comment` carries a block comment over lines.
std::string blanked(std::string_view line, bool& in_comment) {
  std::string result(line.size(), ' ');
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::string_view rest = line.substr(i);
    if (in_comment) {
      if (rest.starts_with("*/")) {
        in_comment = false;
        ++i;
      }
    } else if (rest.starts_with("//")) {
      break;
    } else if (rest.starts_with("/*")) {
      in_comment = true;
      ++i;
    } else if (line[i] == '"' ||
               (line[i] == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(line[i - 1]))))) {
      const char quote = line[i];
      result[i] = quote;
      for (++i; i < line.size() && line[i] != quote; ++i) {
        if (line[i] == '\\') ++i;
      }
      if (i < line.size()) result[i] = quote;
    } else {
      result[i] = line[i];
    }
  }
  return result;
}

}  // namespace

std::string blank_comments_and_literals(std::string_view text) {
  std::string result;
  bool in_comment = false;
  for (const std::string& line : lines_of(text)) {
    result += !in_comment && is_include(line) ? line : blanked(line, in_comment);
    result += '\n';
  }
  return result;
}

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> includes;
  int number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    if (!is_include(line)) continue;
    const std::size_t begin = line.find_first_of("<\"");
    const std::size_t end = begin == std::string::npos ? begin : line.find_first_of(">\"", begin + 1);
    if (end != std::string::npos) includes.push_back({line.substr(begin + 1, end - begin - 1), number});
  }
  return includes;
}

std::vector<Declaration> declarations_of(std::string_view text) {
  std::vector<Declaration> declarations;
  const std::vector<std::string> original = lines_of(text);
  const std::vector<std::string> code = lines_of(blank_comments_and_literals(text));
  Declaration current;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const std::string_view documentation = trimmed(original[i]);
    std::string_view line = trimmed(code[i]);
    if (current.text.empty() && documentation.starts_with("///") && !documentation.starts_with("///<")) {
      current.documentation += std::string(trimmed(documentation.substr(3))) + "\n";
      continue;
    }
    if (line == "public:" || line == "private:" || line == "protected:") continue;
    if (line.empty() || line.front() == '#') {
      if (current.text.empty()) current.documentation.clear();
      continue;
    }
    while (!line.empty()) {
      if (current.text.empty()) current.line = static_cast<int>(i) + 1;
      const std::size_t end = line.find_first_of(";{}");
      current.text += std::string(trimmed(line.substr(0, end))) + " ";
      if (end == std::string_view::npos) break;
      if (!trimmed(current.text).empty()) declarations.push_back(current);
      current = {};
      line = trimmed(line.substr(end + 1));
    }
  }
  return declarations;
}

}  // namespace stockpot::layering
