#include <algorithm>
#include <utility>

#include "recipe/parse_context.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

constexpr const char* literal_remedy =
    "a path that contains '@' or '+' is written `model: {model: {path: PATH}}`";

bool is_text(const YamlNode& node) {
  return node.kind == YamlNode::Kind::scalar && kind_name(node) == "text";
}

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::optional<ModelReference> parse_text(const Cursor& at, Findings& findings) {
  if (!is_text(*at.node)) {
    findings.error(at, "expected a model reference, found " + std::string(kind_name(*at.node)),
                   at.is(YamlNode::Kind::scalar) ? "put the reference in quotes" : "");
    return std::nullopt;
  }
  std::string why;
  std::optional<ModelReference> reference = parse_model_reference(at.node->text, why);
  if (!reference) findings.error(at, "model reference " + quote(at.node->text) + ": " + why, literal_remedy);
  return reference;
}

/// `path[@revision]`, or `{path, revision}` whose path is taken literally.
std::optional<ModelReference> read_path(const Cursor& at, Findings& findings) {
  if (!at.is(YamlNode::Kind::mapping)) {
    std::optional<ModelReference> reference = parse_text(at, findings);
    if (!reference || !reference->adapter) return reference;
    findings.error(at, "an adapter stands in `lora:` here, not behind '+'", literal_remedy);
    return std::nullopt;
  }
  MappingReader reader(at, findings);
  ModelReference part;
  const std::optional<Cursor> path = reader.require("path");
  if (path) part.path = read_text(*path, findings).value_or("");
  if (const auto revision = reader.take("revision"))
    part.revision = read_text(*revision, findings).value_or("");
  reader.finish();
  if (has_control(part.path) || has_control(part.revision)) {
    findings.error(at, "a control character in a path or revision");
    return std::nullopt;
  }
  if (part.path.empty()) {
    if (path && path->is(YamlNode::Kind::scalar)) findings.error(at, "the path is empty");
    return std::nullopt;
  }
  return part;
}

std::string canonical_text(const ModelReference& reference) {
  std::string text = reference.path;
  if (!reference.revision.empty()) text += "@" + reference.revision;
  if (reference.adapter) {
    text += "+" + *reference.adapter;
    if (!reference.adapter_revision.empty()) text += "@" + reference.adapter_revision;
  }
  return text;
}

}  // namespace

std::optional<ModelReference> read_reference(const Cursor& at, Findings& findings) {
  if (!at.is(YamlNode::Kind::mapping)) return parse_text(at, findings);
  MappingReader reader(at, findings);
  std::optional<ModelReference> reference;
  if (const auto model = reader.require("model")) reference = read_path(*model, findings);
  if (const auto lora = reader.take("lora")) {
    const std::optional<ModelReference> adapter = read_path(*lora, findings);
    if (reference && adapter) {
      reference->adapter = adapter->path;
      reference->adapter_revision = adapter->revision;
    }
  }
  reader.ignore("override_architecture");
  const std::vector<Hint> hints{{"path", "write `{model: {path: PATH, revision: REVISION}}`"},
                                {"revision", "write `{model: {path: PATH, revision: REVISION}}`"}};
  reader.finish(hints);
  if (reference) reference->text = canonical_text(*reference);
  return reference;
}

}  // namespace stockpot::recipe
