#include "stockpot/report/diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "report_fixture.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class DiffTest : public ::testing::Test {
 protected:
  ModelDifference diff_here(const test::CheckpointBuilder& a, const test::CheckpointBuilder& b,
                            std::optional<double> tolerance = std::nullopt) {
    write(a, b);
    comm::Communicator world = comm::make_serial();
    return diff(world, folder_ / "a", folder_ / "b", tolerance, {});
  }
  void write(const test::CheckpointBuilder& a, const test::CheckpointBuilder& b) {
    for (const char* name : {"a", "b"}) std::filesystem::remove_all(folder_ / name);
    a.write(folder_ / "a", 1000000);
    b.write(folder_ / "b", 300);
  }
  test::TemporaryFolder folder_;
};

TEST_F(DiffTest, AModelEqualsItselfHoweverItIsSharded) {
  const ModelDifference found = diff_here(varied_model(), varied_model());
  EXPECT_TRUE(found.equal());
  EXPECT_EQ(found.tensors.size(), 9U);
  EXPECT_EQ(found.distance.differing, 0U);
  EXPECT_EQ(found.distance.cosine, 1.0);
  EXPECT_EQ(difference_text(found, Listing::all), "9 of 9 tensors equal\n");
}

TEST_F(DiffTest, NumbersAreThoseOfTheDefinition) {
  test::CheckpointBuilder a;
  test::CheckpointBuilder b;
  a.add("w", DType::f32, {4}, {3, 4, 0, 0}).add("same", DType::f32, {1}, {5});
  b.add("w", DType::bf16, {4}, {3, 4, 2, 0}).add("same", DType::f32, {1}, {5});
  const ModelDifference found = diff_here(a, b);
  ASSERT_EQ(found.tensors.size(), 2U);
  const Distance& distance = found.tensors[1].distance;
  EXPECT_EQ(found.tensors[1].name, "w");
  EXPECT_EQ(distance.differing, 1U);
  EXPECT_EQ(distance.largest, 2.0);
  EXPECT_DOUBLE_EQ(distance.relative.value(), 2.0 / 5.0);
  EXPECT_DOUBLE_EQ(distance.cosine.value(), 25.0 / (5.0 * std::sqrt(29.0)));
  EXPECT_EQ(found.distance.differing, 1U);
  EXPECT_DOUBLE_EQ(found.distance.relative.value(), 2.0 / std::sqrt(50.0));
  EXPECT_FALSE(found.equal());
  EXPECT_TRUE(found.tensors[0].equal);
}

TEST_F(DiffTest, NumbersDoNotDependOnRanksOrThreads) {
  test::CheckpointBuilder other = varied_model();
  other.add_random("model.embed_tokens.weight", DType::bf16, {700, 4001}, 101)
      .add_random("model.layers.1.mlp.weight", DType::f16, {7, 31}, 103);
  write(varied_model(), other);
  std::string expected;
  for (int ranks = 1; ranks <= 4; ++ranks) {
    Options options;
    options.threads = 1 + ranks % 3;
    for (const std::string& text : on_ranks(ranks, [&](comm::Communicator& world) {
           return difference_json(diff(world, folder_ / "a", folder_ / "b", {}, options));
         })) {
      if (expected.empty()) expected = text;
      EXPECT_EQ(text, expected) << ranks << " ranks";
    }
  }
  const json document = json::parse(expected);
  EXPECT_EQ(document["equal"], false);
  // Two million uniform values have little in common.
  EXPECT_NEAR(document["tensors"]["model.embed_tokens.weight"]["relative_l2"], std::sqrt(2.0), 0.01);
  EXPECT_NEAR(document["tensors"]["model.embed_tokens.weight"]["cosine"], 0.0, 0.01);
}

TEST_F(DiffTest, SumsOfManyLeavesAreExactForSmallIntegers) {
  constexpr std::uint64_t elements = 17 * 65536 + 5;  // more than one unit
  std::vector<double> x(elements);
  std::vector<double> y(elements);
  double apart = 0.0;
  double norm = 0.0;
  std::uint64_t differing = 0;
  for (std::uint64_t i = 0; i < elements; ++i) {
    x[i] = static_cast<double>(i * 7 % 13) - 6.0;
    y[i] = static_cast<double>(i * 5 % 11) - 5.0;
    apart += (x[i] - y[i]) * (x[i] - y[i]);
    norm += x[i] * x[i];
    differing += x[i] != y[i] ? 1U : 0U;
  }
  test::CheckpointBuilder a;
  test::CheckpointBuilder b;
  a.add("w", DType::bf16, {elements}, x);
  b.add("w", DType::f16, {elements}, y);
  const ModelDifference found = diff_here(a, b);
  EXPECT_EQ(found.tensors[0].distance.differing, differing);
  EXPECT_EQ(found.tensors[0].distance.relative, std::sqrt(apart) / std::sqrt(norm));
}

TEST_F(DiffTest, WhatOnlyOneModelHasIsNamed) {
  test::CheckpointBuilder a = varied_model();
  test::CheckpointBuilder b = varied_model();
  a.remove("model.scale");
  b.remove("model.zeros").remove("model.packed");
  const ModelDifference found = diff_here(a, b);
  EXPECT_FALSE(found.equal());
  const json document = json::parse(difference_json(found));
  EXPECT_EQ(document["only_in_a"], json({"model.packed", "model.zeros"}));
  EXPECT_EQ(document["only_in_b"], json({"model.scale"}));
  EXPECT_EQ(document["tensors"].size(), 6U);
  const std::string text = difference_text(found, Listing::all);
  EXPECT_THAT(text, HasSubstr("only in A"));
  EXPECT_THAT(text, HasSubstr("6 of 9 tensors equal"));
}

TEST_F(DiffTest, ATiedNameStandsForTheTensorItIsTiedTo) {
  test::CheckpointBuilder tied;
  tied.add_random("model.embed_tokens.weight", DType::f32, {4, 2}, 1)
      .config(R"({"tie_word_embeddings": true, "model_type": "llama"})");
  test::CheckpointBuilder both = tied;
  both.add_random("lm_head.weight", DType::f32, {4, 2}, 1);
  EXPECT_TRUE(diff_here(tied, both).equal());
  both.add_random("lm_head.weight", DType::f32, {4, 2}, 2);
  const ModelDifference found = diff_here(both, tied);
  EXPECT_FALSE(found.equal());
  EXPECT_TRUE(found.only_in_a.empty());
  EXPECT_FALSE(found.tensors[0].equal);
  EXPECT_EQ(found.tensors[0].name, "lm_head.weight");
}

TEST_F(DiffTest, ShapesThatDifferHaveNoNumbers) {
  test::CheckpointBuilder a;
  test::CheckpointBuilder b;
  a.add("w", DType::f32, {2, 3}, {1.0});
  b.add("w", DType::f32, {3, 2}, {1.0});
  const ModelDifference found = diff_here(a, b, 1.0);
  EXPECT_FALSE(found.equal());
  const json document = json::parse(difference_json(found));
  EXPECT_TRUE(document["tensors"]["w"]["max_abs_difference"].is_null());
  EXPECT_TRUE(document["tensors"]["w"]["differing"].is_null());
  EXPECT_EQ(document["tensors"]["w"]["shape"], json({{"a", {2, 3}}, {"b", {3, 2}}}));
  EXPECT_THAT(difference_text(found, Listing::all), HasSubstr("[2, 3] / [3, 2]"));
}

TEST_F(DiffTest, ATolerancePermitsWhatItSaysAndNoMore) {
  test::CheckpointBuilder a;
  test::CheckpointBuilder b;
  a.add("w", DType::f32, {3}, {1, 2, 3});
  b.add("w", DType::f32, {3}, {1, 2.5, 3});
  EXPECT_FALSE(diff_here(a, b).equal());
  EXPECT_FALSE(diff_here(a, b, 0.0).equal());
  EXPECT_FALSE(diff_here(a, b, std::nextafter(0.5, 0.0)).equal());
  const ModelDifference within = diff_here(a, b, 0.5);
  EXPECT_TRUE(within.equal());
  EXPECT_THAT(difference_text(within, Listing::all),
              HasSubstr("1 of 1 tensors equal within 0.5; in all 1 elements differ, max |a-b| 0.5"));
}

TEST_F(DiffTest, OtherDtypesAreADifferenceUnlessThereIsATolerance) {
  test::CheckpointBuilder a;
  test::CheckpointBuilder b;
  a.add("w", DType::f32, {2}, {1, 2});
  b.add("w", DType::f64, {2}, {1, 2});
  EXPECT_FALSE(diff_here(a, b).equal());
  EXPECT_TRUE(diff_here(a, b, 0.0).equal());
  b.add("w", DType::i32, {2}, {1, 2});
  EXPECT_FALSE(diff_here(a, b, 1e9).equal());
}

TEST_F(DiffTest, NumbersThatAreNotFiniteAreNull) {
  test::CheckpointBuilder a;
  test::CheckpointBuilder b;
  a.add("w", DType::f32, {2}, {std::nan(""), 0}).add("zero", DType::f32, {1}, {0.0});
  b.add("w", DType::f32, {2}, {1, 0}).add("zero", DType::f32, {1}, {1.0});
  const ModelDifference found = diff_here(a, b, 1e300);
  EXPECT_FALSE(found.equal());
  const json document = json::parse(difference_json(found));
  EXPECT_TRUE(document["tensors"]["w"]["max_abs_difference"].is_null());
  EXPECT_TRUE(document["tensors"]["w"]["relative_l2"].is_null());
  EXPECT_TRUE(document["tensors"]["zero"]["relative_l2"].is_null());
  EXPECT_TRUE(document["tensors"]["zero"]["cosine"].is_null());
  EXPECT_EQ(document["tensors"]["zero"]["max_abs_difference"], 1.0);
}

TEST_F(DiffTest, HDF5AndSafetensorsCompare) {
  test::CheckpointBuilder model = varied_model();
  model.remove("model.packed").remove("model.nothing");
  model.write(folder_ / "folder", 100000);
  model.write_hdf5(folder_ / "model.h5");
  comm::Communicator world = comm::make_serial();
  EXPECT_TRUE(diff(world, folder_ / "folder", folder_ / "model.h5", {}, {}).equal());
}

TEST_F(DiffTest, SenselessTolerancesAreRefused) {
  const test::CheckpointBuilder model = varied_model();
  for (const double tolerance : {-1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_THROW(diff_here(model, model, tolerance), Error);
  }
}

}  // namespace
}  // namespace stockpot::report
