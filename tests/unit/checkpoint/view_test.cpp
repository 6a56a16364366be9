#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "expect_error.hpp"
#include "view_fixture.hpp"

namespace stockpot::checkpoint {
namespace {

using test::CheckpointBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<double> counted(std::size_t count, double first = 0) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST_F(Views, AreTheStoredTensorsWithoutRules) {
  CheckpointBuilder builder;
  builder.add_random("b", DType::bf16, {3, 4}, 1)
      .add_random("a", DType::f32, {}, 2)
      .add_random("c", DType::i64, {0, 4}, 3)
      .add_raw("d", DType::f4, {2, 2}, {std::byte{0x12}, std::byte{0x34}});
  write(builder);

  const std::vector<TensorView> all = views();

  EXPECT_THAT(names(all), ElementsAre("a", "b", "c", "d"));
  const ViewReader reader(checkpoint_);
  for (const TensorView& view : all) {
    EXPECT_TRUE(view.is_plain());
    const auto& expected = builder.tensor(view.name);
    EXPECT_EQ(view.dtype, expected.dtype);
    EXPECT_EQ(view.shape, expected.shape);
    std::vector<std::byte> bytes(expected.bytes.size());
    reader.read(view, 0, view.elements(), bytes.data());
    EXPECT_EQ(bytes, expected.bytes);
  }
}

TEST_F(Views, FollowRenamesInOrderAndForTheirModelOnly) {
  write(CheckpointBuilder()
            .add("h.0.c_fc.weight", DType::f32, {1}, {1})
            .add("h.11.c_fc.weight", DType::f32, {1}, {2})
            .add("x", DType::f32, {1}, {3}));
  std::vector<recipe::NameRule> rules{rule({R"(h\.(\d+)\.c_fc\.weight)"}, {R"(layers.\1.fc.weight)"}),
                                      rule({R"(layers\.(\d+)\.(.*))"}, {R"(model.\2.\1)"}),
                                      rule({"x"}, {"y"}), rule({"x"}, {"z"})};
  rules[2].model = "another";
  rules[3].model = "the-name";
  EXPECT_THAT(names(views(rules)), ElementsAre("model.fc.weight.0", "model.fc.weight.11", "z"));
  rules[2].model = "the-model";  // the reference
  EXPECT_THAT(names(views(rules)), ElementsAre("model.fc.weight.0", "model.fc.weight.11", "y"));
  EXPECT_THAT(names(views({rule({"h"}, {"part of a name is no match"})})),
              ElementsAre("h.0.c_fc.weight", "h.11.c_fc.weight", "x"));
}

TEST_F(Views, SplitAFusedTensor) {
  write(CheckpointBuilder().add("l.7.qkv", DType::f32, {4, 3}, counted(12)));
  const auto rows = views({rule({R"(l\.(\d+)\.qkv)"}, {R"(\1.q)", R"(\1.k)", R"(\1.v)"}, 0, {2, 1, 1})});
  ASSERT_THAT(names(rows), ElementsAre("7.k", "7.q", "7.v"));
  EXPECT_THAT(values(rows[0]), ElementsAre(6, 7, 8));
  EXPECT_THAT(values(rows[1]), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(values(rows[2]), ElementsAre(9, 10, 11));
  EXPECT_EQ(rows[1].shape, (Shape{2, 3}));
  for (const TensorView& view : rows) EXPECT_FALSE(view.is_plain()) << view.name;

  const auto columns = views({rule({".*qkv"}, {"q", "k", "v"}, 1)});
  EXPECT_EQ(columns[0].shape, (Shape{4, 1}));
  EXPECT_THAT(values(columns[0]), ElementsAre(1, 4, 7, 10));
}

TEST_F(Views, ConcatenateWhatBelongsTogether) {
  write(CheckpointBuilder()
            .add("0.gate", DType::f32, {2, 2}, counted(4))
            .add("0.up", DType::f32, {1, 2}, counted(2, 4))
            .add("1.gate", DType::f32, {2, 2}, counted(4, 10))
            .add("1.up", DType::f32, {2, 2}, counted(4, 14)),
        24);
  const auto fused = views({rule({R"((\d)\.gate)", R"((\d)\.up)"}, {R"(\1.gate_up)"})});
  ASSERT_THAT(names(fused), ElementsAre("0.gate_up", "1.gate_up"));
  EXPECT_EQ(fused[0].shape, (Shape{3, 2}));
  EXPECT_EQ(values(fused[0]), counted(6));
  EXPECT_EQ(values(fused[1]), counted(8, 10));
}

TEST_F(Views, AreWholeAgainWhenWhatWasSplitIsJoined) {
  write(CheckpointBuilder().add("t", DType::f32, {4, 6}, counted(24)));
  for (const std::uint64_t dim : {0U, 1U}) {
    const auto all = views({rule({"t"}, {"a", "b"}, dim), rule({"a", "b"}, {"u"}, dim)});
    ASSERT_THAT(names(all), ElementsAre("u"));
    EXPECT_TRUE(all[0].is_plain());
    EXPECT_EQ(values(all[0]), counted(24));
  }
}

TEST_F(Views, OfTiedNamesAreApartAndGiveWay) {
  write(CheckpointBuilder()
            .add("model.embed_tokens.weight", DType::f32, {2}, {7, 8})
            .config(R"({"tie_word_embeddings": true})"));
  EXPECT_THAT(names(views()), ElementsAre("model.embed_tokens.weight"));
  const auto tied = make_tied_views(checkpoint_, {rule({"lm_head(.*)"}, {R"(head\1)"})}, "");
  ASSERT_THAT(names(tied), ElementsAre("head.weight"));
  EXPECT_THAT(values(tied[0]), ElementsAre(7, 8));
  // A stored tensor that takes the tied name wins.
  const std::vector<recipe::NameRule> takes{rule({"model.embed_tokens.weight"}, {"lm_head.weight"})};
  EXPECT_THAT(names(views(takes)), ElementsAre("lm_head.weight"));
  EXPECT_THAT(make_tied_views(checkpoint_, takes, ""), IsEmpty());
}

TEST_F(Views, RefuseTwoSourcesForOneName) {
  write(CheckpointBuilder()
            .add("a", DType::f32, {2}, {1})
            .add("b", DType::f32, {2}, {1})
            .add("c", DType::f32, {2}, {1}));
  expect_error(ExitCode::usage, {"the-model", "tensor 'b'", "two sources for one name: a and b"},
               [&] { views({rule({"a"}, {"b"})}); });
  expect_error(ExitCode::usage, {"two sources"}, [&] { views({rule({"[ab]"}, {"z"})}); });
  expect_error(ExitCode::usage, {"two sources for one part: a and b"}, [&] {
    views({rule({"[ab]", "c"}, {"z"})});
  });
  expect_error(ExitCode::usage, {"two sources"}, [&] { views({rule({"a"}, {"z", "z"})}); });
}

TEST_F(Views, RefuseRulesThatDoNotFitTheData) {
  write(CheckpointBuilder()
            .add("a", DType::f32, {4, 3}, {1})
            .add("b", DType::f32, {4, 2}, {1})
            .add("c", DType::bf16, {4, 3}, {1})
            .add("d", DType::f32, {12}, {1})
            .add_raw("packed", DType::f4, {2, 2}, {std::byte{1}, std::byte{2}}));
  const ExitCode input = ExitCode::input;
  expect_error(input, {"tensor 'a'", "does not split into 3"}, [&] {
    views({rule({"a"}, {"x", "y", "z"})});
  });
  expect_error(input, {"sizes [1, 2]"}, [&] { views({rule({"a"}, {"x", "y"}, 0, {1, 2})}); });
  expect_error(input, {"sizes"}, [&] { views({rule({"a"}, {"x", "y"}, 0, {5, ~std::uint64_t{0}})}); });
  expect_error(input, {"no dimension 2"}, [&] { views({rule({"a"}, {"x", "y"}, 2)}); });
  expect_error(input, {"can't concatenate", "[4, 2]"}, [&] { views({rule({"a", "b"}, {"x"})}); });
  expect_error(input, {"can't concatenate", "BF16"}, [&] { views({rule({"a", "c"}, {"x"})}); });
  expect_error(input, {"can't concatenate"}, [&] { views({rule({"a", "d"}, {"x"})}); });
  expect_error(input, {"tensor 'x'", "'missing'"}, [&] { views({rule({"a", "missing"}, {"x"})}); });
  expect_error(input, {"inside a byte"}, [&] { views({rule({"packed"}, {"x", "y"}, 1)}); });
  EXPECT_EQ(views({rule({"a", "b"}, {"x"}, 1)}).front().name, "c");
}

TEST_F(Views, RefuseRulesThatMakeNoSense) {
  write(CheckpointBuilder().add("a", DType::f32, {4, 4}, {1}).add("b", DType::f32, {4, 4}, {1}));
  expect_error(ExitCode::usage, {"from '('"}, [&] { views({rule({"("}, {"x"})}); });
  expect_error(ExitCode::usage, {"'\\1'"}, [&] { views({rule({"a"}, {R"(\1)"})}); });
  expect_error(ExitCode::usage, {"as many sizes"}, [&] { views({rule({"a"}, {"x", "y"}, 0, {4})}); });
  expect_error(ExitCode::usage, {"single name"}, [&] { views({rule({"a", "b"}, {"x", "y"})}); });
  expect_error(ExitCode::usage, {"different one"}, [&] {
    views({rule({"a", "b"}, {"x"}, 0), rule({"x"}, {"y", "z"}, 1)});
  });
}

}  // namespace
}  // namespace stockpot::checkpoint
