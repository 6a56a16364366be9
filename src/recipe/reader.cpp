#include "recipe/reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/recipe/yaml_scalar.hpp"

namespace stockpot::recipe {
namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The number a scalar stands for, infinities and NaN included.
std::optional<double> number_of(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::scalar) return std::nullopt;
  if (node.quoted) return number_from_text(node.text);
  const YamlScalar value = resolve_scalar(node.text);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? 1.0 : 0.0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return number_from_text(node.text);
}

}  // namespace

std::string_view kind_name(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
    case YamlNode::Kind::scalar:
      break;
  }
  if (node.quoted) return "text";
  const YamlScalar value = resolve_scalar(node.text);
  if (std::holds_alternative<bool>(value)) return "true or false";
  return std::holds_alternative<std::string>(value) ? "text" : "a number";
}

std::string suggest(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t longest_slip = 64;
  if (word.empty() || word.size() > longest_slip) return {};
  return nearest(word, candidates).value_or(std::string{});
}

MappingReader::MappingReader(Cursor at, Findings& findings) : at_(std::move(at)), findings_(findings) {
  if (!is_mapping()) {
    findings_.error(at_, fmt::format("expected a mapping (key: value), found {}", kind_name(*at_.node)));
  }
}

const YamlEntry* MappingReader::find(const std::string& key) const {
  const auto& entries = at_.node->entries;
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const YamlEntry& e) { return e.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

std::optional<Cursor> MappingReader::take(const std::string& key) {
  known_.push_back(key);
  const YamlEntry* entry = find(key);
  if (entry == nullptr || entry->value->kind == YamlNode::Kind::null) return std::nullopt;
  return at_.entry(*entry);
}

std::optional<Cursor> MappingReader::require(const std::string& key) {
  std::optional<Cursor> value = take(key);
  if (!value && is_mapping()) findings_.error(at_, fmt::format("'{}' is missing", key));
  return value;
}

void MappingReader::refuse(const std::string& key, const std::string& message,
                           const std::string& suggestion) {
  refused_.push_back(key);
  const YamlEntry* entry = find(key);
  if (entry == nullptr || entry->value->kind == YamlNode::Kind::null) return;
  findings_.add(Severity::error, entry->line, at_.entry(*entry).path, message, suggestion);
}

void MappingReader::ignore(const std::string& key) {
  refused_.push_back(key);
  const YamlEntry* entry = find(key);
  if (entry == nullptr || entry->value->kind == YamlNode::Kind::null) return;
  findings_.add(Severity::warning, entry->line, at_.entry(*entry).path,
                fmt::format("'{}' has no effect", key));
}

void MappingReader::finish(std::span<const Hint> hints) {
  std::vector<std::string> candidates = known_;
  for (const Hint& hint : hints) candidates.push_back(hint.key);
  for (const YamlEntry& entry : at_.node->entries) {
    if (contains(known_, entry.key) || contains(refused_, entry.key)) continue;
    std::string suggestion = findings_.is_full() ? std::string{} : suggest(entry.key, candidates);
    const auto hint =
        std::find_if(hints.begin(), hints.end(), [&](const Hint& h) { return h.key == suggestion; });
    if (hint != hints.end() && !contains(known_, suggestion)) suggestion = hint->remedy;
    findings_.ignored(entry.line, at_.path, "unknown key " + quote(entry.key), std::move(suggestion));
  }
}

std::optional<std::string> read_text(const Cursor& at, Findings& findings) {
  if (at.is(YamlNode::Kind::scalar)) return at.node->text;
  findings.error(at, fmt::format("expected text, found {}", kind_name(*at.node)));
  return std::nullopt;
}

std::optional<double> read_number(const Cursor& at, Findings& findings) {
  const std::optional<double> value = number_of(*at.node);
  if (!value) {
    const std::string found =
        at.is(YamlNode::Kind::scalar) ? quote(at.node->text) : std::string(kind_name(*at.node));
    findings.error(at, "expected a number, found " + found);
    return std::nullopt;
  }
  if (!std::isfinite(*value)) {
    findings.error(at, "expected a finite number, found " + quote(at.node->text));
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> read_integer(const Cursor& at, std::int64_t minimum, std::int64_t maximum,
                                         Findings& findings) {
  const std::optional<double> value = read_number(at, findings);
  if (!value) return std::nullopt;
  if (std::trunc(*value) != *value) {
    findings.error(at, "expected a whole number, found " + quote(at.node->text));
    return std::nullopt;
  }
  if (*value < static_cast<double>(minimum) || *value > static_cast<double>(maximum)) {
    findings.error(at, fmt::format("{} is outside {}..{}", quote(at.node->text), minimum, maximum));
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*value);
}

std::vector<Cursor> read_list(const Cursor& at, Findings& findings) {
  std::vector<Cursor> items;
  if (!at.is(YamlNode::Kind::sequence)) {
    findings.error(at, fmt::format("expected a list, found {}", kind_name(*at.node)));
    return items;
  }
  for (std::size_t i = 0; i < at.node->items.size(); ++i) items.push_back(at.item(i));
  return items;
}

std::vector<std::string> read_texts(const Cursor& at, Findings& findings) {
  std::vector<std::string> texts;
  if (at.is(YamlNode::Kind::scalar)) return {at.node->text};
  for (const Cursor& item : read_list(at, findings)) {
    if (std::optional<std::string> text = read_text(item, findings)) texts.push_back(std::move(*text));
  }
  return texts;
}

void report_choice(const Cursor& at, const std::string& word, std::span<const std::string> choices,
                   Findings& findings) {
  findings.error(at, fmt::format("{} is none of {}", quote(word), fmt::join(choices, ", ")),
                 suggest(word, choices));
}

}  // namespace stockpot::recipe
