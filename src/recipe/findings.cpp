#include "recipe/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

constexpr std::size_t maximum_findings = 200;

/// A key as part of a path: as it is if it is a plain word, else quoted and cut.
std::string path_part(const std::string& key) {
  const bool is_word = !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
  return is_word ? key : quote(key);
}

std::string where(std::size_t line, const std::string& path) {
  if (line == 0) return path;
  return path.empty() ? fmt::format("line {}", line) : fmt::format("line {}: {}", line, path);
}

}  // namespace

Cursor Cursor::item(std::size_t index) const {
  return {node->items[index], fmt::format("{}[{}]", path, index)};
}

Cursor Cursor::entry(const YamlEntry& entry) const {
  return {entry.value, path.empty() ? path_part(entry.key) : path + "." + path_part(entry.key)};
}

void Findings::error(const Cursor& at, std::string message, std::string suggestion) {
  add(Severity::error, at.node->line, at.path, std::move(message), std::move(suggestion));
}

void Findings::warning(const Cursor& at, std::string message, std::string suggestion) {
  add(Severity::warning, at.node->line, at.path, std::move(message), std::move(suggestion));
}

void Findings::ignored(const Cursor& at, std::string message, std::string suggestion) {
  ignored(at.node->line, at.path, std::move(message), std::move(suggestion));
}

void Findings::ignored(std::size_t line, const std::string& path, std::string message,
                       std::string suggestion) {
  add(lenient_ ? Severity::warning : Severity::error, line, path, std::move(message), std::move(suggestion));
}

void Findings::add(Severity severity, std::size_t line, const std::string& path, std::string message,
                   std::string suggestion) {
  if (is_full()) {
    ++dropped_;
    dropped_error_ = dropped_error_ || severity == Severity::error;
    return;
  }
  found_.push_back({line, {severity, where(line, path), std::move(message), std::move(suggestion)}});
}

bool Findings::is_full() const {
  return found_.size() >= maximum_findings;
}

std::vector<Problem> Findings::take() {
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Lined& a, const Lined& b) { return a.line < b.line; });
  std::vector<Problem> problems;
  for (Lined& lined : found_) problems.push_back(std::move(lined.problem));
  if (dropped_ > 0) {
    problems.push_back({dropped_error_ ? Severity::error : Severity::warning, "",
                        fmt::format("{} more problems are not shown", dropped_), ""});
  }
  found_.clear();
  return problems;
}

}  // namespace stockpot::recipe
