#include "recipe/tree_builder.hpp"

#include <fmt/format.h>
#include <yaml-cpp/mark.h>

#include <algorithm>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

constexpr std::string_view tag_prefix = "tag:yaml.org,2002:";
constexpr std::size_t maximum_faults = 200;

std::size_t line_of(const YAML::Mark& mark) {
  return mark.line < 0 ? 0 : static_cast<std::size_t>(mark.line) + 1;
}

/// Text whatever it looks like: quoted, or tagged as a string.
bool is_string_tag(const std::string& tag) {
  return tag == "!" || tag == std::string(tag_prefix) + "str";
}

bool is_scalar_tag(std::string_view tag) {
  if (tag.empty() || tag == "?" || tag == "!") return true;
  if (tag.substr(0, tag_prefix.size()) != tag_prefix) return false;
  tag.remove_prefix(tag_prefix.size());
  return tag == "str" || tag == "int" || tag == "float" || tag == "bool" || tag == "null";
}

}  // namespace

void TreeBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (document_.root_ == nullptr) return;
  throw YamlError(line_of(mark),
                  "a second document starts here; the recipes of a multi-step file are separate merges: "
                  "put each into a file of its own");
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  YamlNode& node = make(YamlNode::Kind::null, mark, anchor);
  if (!open_.empty() && open_.back().has_key) node.line = open_.back().key_line;  // the mark may lie behind
  place(node, node.line);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  position_ = static_cast<std::size_t>(std::max(mark.pos, 0));
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) throw YamlError(line_of(mark), "an alias without an anchor");
  if (unfinished_.count(found->second) != 0) {
    throw YamlError(line_of(mark), "an alias stands inside its own anchor: the recipe would be endless");
  }
  place(*found->second, line_of(mark));
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  YamlNode& node = make(YamlNode::Kind::scalar, mark, anchor);
  if (!is_scalar_tag(tag)) check_tag(tag, "", node.line);
  node.quoted = is_string_tag(tag);
  node.text = value;
  place(node, node.line);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value /*style*/) {
  YamlNode& node = make(YamlNode::Kind::sequence, mark, anchor);
  check_tag(tag, "seq", node.line);
  open(node);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value /*style*/) {
  YamlNode& node = make(YamlNode::Kind::mapping, mark, anchor);
  check_tag(tag, "map", node.line);
  open(node);
}

void TreeBuilder::OnMapEnd() {
  flatten_merges(open_.back());
  close();
}

YamlNode& TreeBuilder::make(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (document_.nodes_.size() >= maximum_yaml_nodes) {
    throw YamlError(line_of(mark), fmt::format("more than {} YAML nodes", maximum_yaml_nodes));
  }
  position_ = static_cast<std::size_t>(std::max(mark.pos, 0));
  YamlNode& node = document_.nodes_.emplace_back();
  node.kind = kind;
  node.line = line_of(mark);
  if (anchor != YAML::NullAnchor) anchors_[anchor] = &node;
  return node;
}

void TreeBuilder::open(YamlNode& node) {
  unfinished_.insert(&node);
  open_.emplace_back().node = &node;
}

void TreeBuilder::close() {
  const YamlNode& node = *open_.back().node;
  open_.pop_back();
  unfinished_.erase(&node);
  place(node, node.line);
}

void TreeBuilder::place(const YamlNode& node, std::size_t line) {
  if (open_.empty()) {
    document_.root_ = &node;
    return;
  }
  Open& parent = open_.back();
  if (parent.node->kind == YamlNode::Kind::sequence) {
    grow(*parent.node, node.expanded_nodes);
    parent.node->items.push_back(&node);
  } else if (parent.has_key) {
    place_value(parent, node, line);
  } else {
    place_key(parent, node, line);
  }
}

void TreeBuilder::place_key(Open& mapping, const YamlNode& node, std::size_t line) {
  mapping.has_key = true;
  mapping.key_line = line;
  mapping.key = node.text;
  mapping.is_merge = node.kind == YamlNode::Kind::scalar && !node.quoted && node.text == "<<";
  if (node.kind == YamlNode::Kind::null) mapping.key = "null";
  if (node.kind == YamlNode::Kind::sequence || node.kind == YamlNode::Kind::mapping) {
    fault(line, "a key must be a single word, not a list or mapping");
  }
}

void TreeBuilder::place_value(Open& mapping, const YamlNode& node, std::size_t line) {
  mapping.has_key = false;
  const bool is_new = mapping.keys.insert(mapping.key).second;
  if (!is_new) {
    fault(mapping.key_line, "key " + quote(mapping.key) + " stands twice in one mapping",
          mapping.is_merge ? "write one `<<: [*first, *second]`; the first wins" : "");
  }
  if (mapping.is_merge) {
    add_merge(mapping, node, line);
  } else if (is_new) {
    grow(*mapping.node, node.expanded_nodes);
    mapping.node->entries.push_back({std::move(mapping.key), mapping.key_line, &node});
  }
}

void TreeBuilder::add_merge(Open& mapping, const YamlNode& value, std::size_t line) {
  const auto add = [&](const YamlNode& node) {
    if (node.kind == YamlNode::Kind::mapping) {
      mapping.merged.push_back(&node);
    } else {
      fault(line, "'<<' takes a mapping or a list of mappings");
    }
  };
  if (value.kind == YamlNode::Kind::sequence) {
    for (const YamlNode* item : value.items) add(*item);
  } else {
    add(value);
  }
}

void TreeBuilder::flatten_merges(Open& mapping) {
  for (const YamlNode* source : mapping.merged) {
    merge_steps_ += source->entries.size() + 1;
    if (merge_steps_ > maximum_yaml_nodes) {
      throw YamlError(mapping.node->line,
                      fmt::format("merge keys ('<<') copy more than {} entries", maximum_yaml_nodes));
    }
    for (const YamlEntry& entry : source->entries) {
      if (!mapping.keys.insert(entry.key).second) continue;
      grow(*mapping.node, entry.value->expanded_nodes);
      mapping.node->entries.push_back(entry);
    }
  }
}

void TreeBuilder::grow(YamlNode& parent, std::uint64_t nodes) {
  parent.expanded_nodes += nodes;
  if (parent.expanded_nodes > maximum_yaml_nodes) {
    throw YamlError(parent.line,
                    fmt::format("more than {} YAML nodes once aliases are expanded", maximum_yaml_nodes));
  }
}

void TreeBuilder::check_tag(const std::string& tag, std::string_view expected, std::size_t line) {
  if (tag.empty() || tag == "?" || tag == "!") return;
  if (!expected.empty() && tag == std::string(tag_prefix) + std::string(expected)) return;
  fault(line, "YAML tag " + quote(tag) + " is not supported");
}

void TreeBuilder::fault(std::size_t line, std::string message, std::string suggestion) {
  if (document_.faults_.size() >= maximum_faults) throw YamlError(line, "too many faults");
  document_.faults_.push_back({line, std::move(message), std::move(suggestion)});
}

}  // namespace stockpot::recipe
