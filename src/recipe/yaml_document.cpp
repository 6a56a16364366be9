#include "stockpot/recipe/yaml_document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <string>

#include "recipe/bounded_source.hpp"
#include "recipe/text_checks.hpp"
#include "recipe/tree_builder.hpp"

namespace stockpot::recipe {
namespace {

void check_text(std::string_view text) {
  if (text.size() > maximum_yaml_bytes) {
    throw YamlError(
        0, fmt::format("{} bytes are too long for a recipe (at most {})", text.size(), maximum_yaml_bytes));
  }
  const std::optional<std::size_t> bad = first_bad_byte(text);
  if (!bad) return;
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*bad), '\n') + 1;
  const auto byte = static_cast<unsigned char>(text[*bad]);
  throw YamlError(static_cast<std::size_t>(line),
                  byte < 0x80 ? fmt::format("control character 0x{:02x}", byte)
                              : fmt::format("byte 0x{:02x} is not valid UTF-8", byte));
}

}  // namespace

YamlDocument YamlDocument::parse(std::string_view text) {
  check_text(text);
  YamlDocument document;
  TreeBuilder builder(document);
  std::string copy(text);
  BoundedSource source(copy, builder);
  std::istream stream(&source);
  const auto refuse = [&](const YAML::Mark& mark, const std::string& message) {
    const std::size_t line = static_cast<std::size_t>(std::max(mark.line, 0)) + 1;
    if (source.is_cut()) {
      throw YamlError(line, fmt::format("more than {} bytes in one pair of brackets, one text or one gap",
                                        maximum_yaml_flow_bytes));
    }
    throw YamlError(line, message);
  };
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::DeepRecursion& error) {
    refuse(error.mark, "nested too deeply");
  } catch (const YAML::Exception& error) {
    refuse(error.mark, error.msg);
  }
  if (source.is_cut()) refuse(YAML::Mark::null_mark(), {});
  if (document.root_ == nullptr) throw YamlError(0, "the recipe is empty");
  return document;
}

}  // namespace stockpot::recipe
