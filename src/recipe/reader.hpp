#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recipe/findings.hpp"

namespace stockpot::recipe {

/// What to tell somebody who wrote `key` where it does not belong.
struct Hint {
  std::string key;
  std::string remedy;
};

/// Reads a mapping key by key. `finish` reports every key that nobody asked for.
class MappingReader {
 public:
  /// Reports a node that is not a mapping, and is empty then.
  MappingReader(Cursor at, Findings& findings);

  /// The value of a key; nullopt when it is missing or null.
  std::optional<Cursor> take(const std::string& key);
  /// As `take`, and a missing or null value is reported.
  std::optional<Cursor> require(const std::string& key);
  /// A key that stockpot knows but this version lacks: reported if it has a value.
  void refuse(const std::string& key, const std::string& message, const std::string& suggestion = {});
  /// A key that mergekit accepts and that changes nothing here: a warning if it has a value.
  void ignore(const std::string& key);
  /// Reports the remaining keys, with the hint that fits or the nearest key that was asked for.
  void finish(std::span<const Hint> hints = {});

  [[nodiscard]] const Cursor& at() const { return at_; }
  /// False when the node is no mapping (already reported).
  [[nodiscard]] bool is_mapping() const { return at_.is(YamlNode::Kind::mapping); }

 private:
  const YamlEntry* find(const std::string& key) const;

  Cursor at_;
  Findings& findings_;
  std::vector<std::string> known_;    // asked for, and offered as suggestions
  std::vector<std::string> refused_;  // asked for, not offered
};

/// "a list", "a mapping", "text", "a number", "nothing": what a node is, for messages.
std::string_view kind_name(const YamlNode& node);

/// `nearest` for words that are short enough to be a slip of the pen.
std::string suggest(std::string_view word, std::span<const std::string> candidates);

/// Text of any scalar but null, as written; anything else is reported.
std::optional<std::string> read_text(const Cursor& at, Findings& findings);
/// A finite number, from an integer, float, boolean (1 or 0) or numeric text; anything else is reported.
std::optional<double> read_number(const Cursor& at, Findings& findings);
/// A whole number within [minimum, maximum] (magnitudes up to 2^53); anything else is reported.
std::optional<std::int64_t> read_integer(const Cursor& at, std::int64_t minimum, std::int64_t maximum,
                                         Findings& findings);
/// Items of a list; anything else is reported and gives none.
std::vector<Cursor> read_list(const Cursor& at, Findings& findings);
/// One text or a list of texts.
std::vector<std::string> read_texts(const Cursor& at, Findings& findings);

/// Reports that `word` is none of `choices`.
void report_choice(const Cursor& at, const std::string& word, std::span<const std::string> choices,
                   Findings& findings);

/// One word out of a table of choices; anything else is reported with the nearest choice.
template <typename Value>
std::optional<Value> read_choice(const Cursor& at,
                                 std::span<const std::pair<std::string_view, Value>> choices,
                                 Findings& findings) {
  const std::optional<std::string> word = read_text(at, findings);
  if (!word) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) {
    if (*word == name) return value;
    names.emplace_back(name);
  }
  report_choice(at, *word, names, findings);
  return std::nullopt;
}

}  // namespace stockpot::recipe
