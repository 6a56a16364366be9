#pragma once

#include <yaml-cpp/eventhandler.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "stockpot/recipe/yaml_document.hpp"

namespace stockpot::recipe {

/// Builds a YamlDocument from the events of yaml-cpp's parser: the tree is made bottom up, so an alias to an
/// unfinished node is a cycle, and expanded sizes are known without walking.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlDocument& document) : document_(document) {}

  /// Offset of the latest event: how far the text is understood.
  [[nodiscard]] std::size_t position() const { return position_; }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  /// A sequence or mapping whose end has not come yet.
  struct Open {
    YamlNode* node = nullptr;
    bool has_key = false;  ///< of a mapping: the next node is the value of `key`
    bool is_merge = false;
    std::string key;
    std::size_t key_line = 0;
    std::unordered_set<std::string> keys;
    std::vector<const YamlNode*> merged;
  };

  YamlNode& make(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor);
  void open(YamlNode& node);
  void close();
  void place(const YamlNode& node, std::size_t line);
  void place_key(Open& mapping, const YamlNode& node, std::size_t line);
  void place_value(Open& mapping, const YamlNode& node, std::size_t line);
  void add_merge(Open& mapping, const YamlNode& value, std::size_t line);
  void flatten_merges(Open& mapping);
  void grow(YamlNode& parent, std::uint64_t nodes);
  void check_tag(const std::string& tag, std::string_view expected, std::size_t line);
  void fault(std::size_t line, std::string message, std::string suggestion = {});

  YamlDocument& document_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, const YamlNode*> anchors_;
  std::unordered_set<const YamlNode*> unfinished_;
  std::uint64_t merge_steps_ = 0;
  std::size_t position_ = 0;
};

}  // namespace stockpot::recipe
