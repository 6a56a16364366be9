#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "stockpot/recipe/problem.hpp"
#include "stockpot/recipe/yaml_document.hpp"

namespace stockpot::recipe {

/// A node and where it stands in the recipe, for messages: `models[1].parameters`.
struct Cursor {
  const YamlNode* node = nullptr;
  std::string path;

  [[nodiscard]] Cursor item(std::size_t index) const;
  [[nodiscard]] Cursor entry(const YamlEntry& entry) const;
  [[nodiscard]] bool is(YamlNode::Kind kind) const { return node->kind == kind; }
};

/// Collects every problem of a recipe with its line; shows them in order of lines.
class Findings {
 public:
  explicit Findings(bool lenient) : lenient_(lenient) {}

  void error(const Cursor& at, std::string message, std::string suggestion = {});
  void warning(const Cursor& at, std::string message, std::string suggestion = {});
  /// What mergekit drops silently: an error, in lenient reading a warning.
  void ignored(const Cursor& at, std::string message, std::string suggestion = {});
  void add(Severity severity, std::size_t line, const std::string& path, std::string message,
           std::string suggestion = {});
  void ignored(std::size_t line, const std::string& path, std::string message, std::string suggestion = {});

  /// Further findings are only counted: no need to spend time on suggestions.
  [[nodiscard]] bool is_full() const;

  /// Everything found, in order of lines; of very many only the first, with a note.
  [[nodiscard]] std::vector<Problem> take();

 private:
  struct Lined {
    std::size_t line;
    Problem problem;
  };

  bool lenient_;
  std::vector<Lined> found_;
  std::size_t dropped_ = 0;
  bool dropped_error_ = false;
};

}  // namespace stockpot::recipe
