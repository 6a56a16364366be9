#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stockpot::recipe {

struct YamlNode;

struct YamlEntry {
  std::string key;
  std::size_t line = 0;  ///< of the key, from 1
  const YamlNode* value = nullptr;
};

/// One node of a YAML document; aliases point at the node of their anchor, merge keys (`<<`) are resolved.
struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  std::size_t line = 0;                ///< from 1
  bool quoted = false;                 ///< a scalar that is text whatever it looks like
  std::string text;                    ///< of a scalar
  std::vector<const YamlNode*> items;  ///< of a sequence
  std::vector<YamlEntry> entries;      ///< of a mapping: its own in order of lines, then merged ones
  std::uint64_t expanded_nodes = 1;    ///< nodes of the tree below (itself included) with aliases expanded
};

/// The text is not a YAML document that can be read; `line` is 0 where no line is to blame.
class YamlError : public std::runtime_error {
 public:
  YamlError(std::size_t line, const std::string& message) : std::runtime_error(message), line_(line) {}
  [[nodiscard]] std::size_t line() const noexcept { return line_; }

 private:
  std::size_t line_;
};

/// Limits against hostile text.
inline constexpr std::size_t maximum_yaml_bytes = std::size_t{16} << 20;
inline constexpr std::size_t maximum_yaml_flow_bytes = std::size_t{512}
                                                       << 10;   ///< of `[...]`, `{...}`, one text
inline constexpr std::uint64_t maximum_yaml_nodes = 1'000'000;  ///< with aliases and merge keys expanded

/// A whole document, owned. The tree is finite: cyclic and exploding aliases were refused.
class YamlDocument {
 public:
  /// A finding that does not stop reading (a duplicate key, say).
  struct Fault {
    std::size_t line;
    std::string message;
    std::string suggestion;
  };

  /// Reads exactly one document. Throws YamlError for text that is too large or not UTF-8, bad syntax,
  /// nesting too deep, cyclic aliases, more than `maximum_yaml_nodes` nodes, and a second document.
  static YamlDocument parse(std::string_view text);

  [[nodiscard]] const YamlNode& root() const { return *root_; }
  [[nodiscard]] const std::vector<Fault>& faults() const { return faults_; }

 private:
  friend class TreeBuilder;

  std::deque<YamlNode> nodes_;  // a deque: nodes never move
  const YamlNode* root_ = nullptr;
  std::vector<Fault> faults_;
};

}  // namespace stockpot::recipe
