#include "stockpot/recipe/yaml_document.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace stockpot::recipe {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const YamlNode* find(const YamlNode& mapping, const std::string& key) {
  for (const YamlEntry& entry : mapping.entries) {
    if (entry.key == key) return entry.value;
  }
  return nullptr;
}

std::string refusal(const std::string& text) {
  try {
    YamlDocument::parse(text);
  } catch (const YamlError& error) {
    return std::to_string(error.line()) + ": " + error.what();
  }
  return "accepted";
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(YamlDocument, kinds_lines_and_quotes) {
  const YamlDocument document = YamlDocument::parse("a: 1\nb:\n  - '1'\n  - ~\n  - {c: !!str 2}\n");
  const YamlNode& root = document.root();
  ASSERT_EQ(root.kind, YamlNode::Kind::mapping);
  ASSERT_EQ(root.entries.size(), 2U);
  EXPECT_EQ(root.entries[1].line, 2U);
  EXPECT_FALSE(root.entries[0].value->quoted);
  const auto& items = root.entries[1].value->items;
  ASSERT_EQ(items.size(), 3U);
  EXPECT_TRUE(items[0]->quoted);
  EXPECT_EQ(items[0]->line, 3U);
  EXPECT_EQ(items[1]->kind, YamlNode::Kind::null);
  EXPECT_TRUE(find(*items[2], "c")->quoted);
}

TEST(YamlDocument, explicit_keys_win_over_merged_ones_and_earlier_merges_over_later) {
  const YamlDocument document = YamlDocument::parse(
      "a: &a {x: 1, y: 1, z: 1}\nb: &b {y: 2, z: 2, w: 2}\nc:\n  <<: [*b, *a]\n  z: 3\nd: {z: 4, <<: *a}\n");
  const YamlNode* c = find(document.root(), "c");
  EXPECT_EQ(find(*c, "z")->text, "3");
  EXPECT_EQ(find(*c, "y")->text, "2");
  EXPECT_EQ(find(*c, "x")->text, "1");
  EXPECT_EQ(c->entries.size(), 4U);
  EXPECT_EQ(find(*find(document.root(), "d"), "z")->text, "4");
}

TEST(YamlDocument, merges_of_merges) {
  const YamlDocument document =
      YamlDocument::parse("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\nd: {'<<': 5}\n");
  EXPECT_EQ(find(*find(document.root(), "c"), "x")->text, "1");
  EXPECT_EQ(find(*find(document.root(), "d"), "<<")->text, "5");
  EXPECT_THAT(document.faults(), IsEmpty());
}

TEST(YamlDocument, a_redefined_anchor_means_the_latest) {
  const YamlDocument document = YamlDocument::parse("- &a 1\n- *a\n- &a 2\n- *a\n");
  EXPECT_EQ(document.root().items[1]->text, "1");
  EXPECT_EQ(document.root().items[3]->text, "2");
}

TEST(YamlDocument, reports_every_duplicate_key) {
  const YamlDocument document = YamlDocument::parse("a: 1\nb: 2\na: 3\n'b': 4\nc: {d: 1, d: 2}\n");
  ASSERT_EQ(document.faults().size(), 3U);
  EXPECT_EQ(document.faults()[0].line, 3U);
  EXPECT_THAT(document.faults()[0].message, HasSubstr("'a' stands twice"));
  EXPECT_EQ(document.faults()[2].line, 5U);
}

TEST(YamlDocument, odd_merges_keys_and_tags_are_faults) {
  for (const char* text :
       {"<<: 5", "<<: [{a: 1}, 5]", "<<: ~", "? [a]\n: 1", "? {a: b}\n: 1", "a: !!python/name:os 1",
        "a: !custom [1]", "!!set {a: 1}", "<<: {a: 1}\n<<: {b: 1}", "a: !!binary x"}) {
    EXPECT_EQ(YamlDocument::parse(text).faults().size(), 1U) << text;
  }
}

TEST(YamlDocument, cyclic_aliases_are_refused) {
  EXPECT_THAT(refusal("a: 1\nb: &b [1, *b]"), HasSubstr("2: an alias stands inside its own anchor"));
  EXPECT_THAT(refusal("&r {a: {b: [*r]}}"), HasSubstr("endless"));
  EXPECT_THAT(refusal("a: &a {<<: *a}"), HasSubstr("endless"));
  EXPECT_THAT(refusal("&a {*a : 1}"), HasSubstr("endless"));
}

TEST(YamlDocument, alias_explosions_are_refused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string aliases = repeated(fmt::format("*a{}, ", i - 1), 10);
    text += fmt::format("a{}: &a{} [{}x]\n", i, i, aliases);
  }
  EXPECT_THAT(refusal(text), HasSubstr("more than 1000000 YAML nodes once aliases are expanded"));
}

TEST(YamlDocument, merge_explosions_are_refused) {
  std::string text = "a: &a {";
  for (int i = 0; i < 2000; ++i) text += fmt::format("k{}: 1, ", i);
  text += "z: 1}\nb:\n" + repeated("  - {<<: [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]}\n", 100);
  EXPECT_THAT(refusal(text), HasSubstr("merge keys"));
}

TEST(YamlDocument, too_many_nodes_are_refused) {
  EXPECT_THAT(refusal(repeated("-\n", maximum_yaml_nodes + 1)), HasSubstr("more than 1000000 YAML nodes"));
}

TEST(YamlDocument, deep_nesting_is_refused) {
  constexpr std::size_t depth = 100'000;
  EXPECT_THAT(refusal(repeated("[", depth)), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal(repeated("{a: ", depth)), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal(repeated("- ", depth)), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal(repeated("? ", depth)), HasSubstr("nested too deeply"));
}

TEST(YamlDocument, endless_pieces_are_refused_before_they_cost_memory) {
  for (const std::string piece : {"[", "{", "a", "[a,", "{a: b,", "'", "&a ", "\n", "#"}) {
    EXPECT_THAT(refusal(repeated(piece, maximum_yaml_bytes / piece.size())),
                HasSubstr("more than 524288 bytes"));
  }
  EXPECT_EQ(refusal(fmt::format("[{}]", repeated("a, ", maximum_yaml_flow_bytes / 4))), "accepted");
  EXPECT_EQ(refusal(repeated("- {model: a}\n", 4 * maximum_yaml_flow_bytes / 13)), "accepted");
}

TEST(YamlDocument, not_text) {
  EXPECT_THAT(refusal("a: 1\nb: \xff"), HasSubstr("2: byte 0xff is not valid UTF-8"));
  EXPECT_THAT(refusal("\xc0\xaf"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(refusal("\xed\xa0\x80"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(refusal("\xf4\x90\x80\x80"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(refusal("\xe2\x82"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(refusal(std::string("a\0b", 3)), HasSubstr("control character 0x00"));
  EXPECT_THAT(refusal("\xff\xfe"
                      "a"),
              HasSubstr("not valid UTF-8"));
  EXPECT_EQ(refusal("\xef\xbb\xbf"
                    "a: \xf0\x9f\x8d\xb2"),
            "accepted");
}

TEST(YamlDocument, too_long) {
  EXPECT_THAT(refusal(std::string(maximum_yaml_bytes + 1, ' ')), HasSubstr("too long"));
}

TEST(YamlDocument, one_document_only) {
  EXPECT_EQ(refusal("---\na: 1\n...\n"), "accepted");
  EXPECT_THAT(refusal("a: 1\n---\nb: 2\n"), HasSubstr("separate merges"));
  for (const char* text : {"", "\n\n", "# nothing\n"}) EXPECT_THAT(refusal(text), HasSubstr("empty")) << text;
}

TEST(YamlDocument, bad_syntax_names_its_line) {
  EXPECT_THAT(refusal("a: 1\nb: [1, 2\nc: 3\n"), testing::StartsWith("3: "));
  EXPECT_THAT(refusal("a: *nowhere\n"), testing::StartsWith("1: "));
  EXPECT_THAT(refusal("a: b: c\n"), testing::StartsWith("1: "));
}

}  // namespace
}  // namespace stockpot::recipe
