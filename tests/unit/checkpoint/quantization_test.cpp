#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "view_fixture.hpp"

namespace stockpot::checkpoint {
namespace {

using test::CheckpointBuilder;
using testing::ElementsAre;

using Quantised = Views;

TEST_F(Quantised, BlocksAreScaled) {
  for (const DType scale : {DType::f32, DType::bf16}) {
    write(CheckpointBuilder()
              .add("x.weight", DType::f8_e4m3, {3, 5}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -2, -2, -2, -2, -2})
              .add("x.weight_scale_inv", scale, {2, 3}, {1, 2, 3, 4, 5, 6}));
    const auto all = views();
    ASSERT_THAT(names(all), ElementsAre("x.weight"));
    EXPECT_EQ(all[0].dtype, DType::f64);
    EXPECT_TRUE(all[0].is_scaled());
    EXPECT_FALSE(all[0].is_plain());
    EXPECT_THAT(values(all[0]), ElementsAre(1, 1, 2, 2, 3, 1, 1, 2, 2, 3, -8, -8, -10, -10, -12));
  }
}

TEST_F(Quantised, StatedBlocksWinOverTheRatioWhereTheyFit) {
  CheckpointBuilder builder;
  builder.add("x.weight", DType::f8_e4m3, {5, 1}, {1}).add("x.weight_scale_inv", DType::f32, {2, 1}, {1, 2});
  write(builder);
  EXPECT_THAT(values(views()[0]), ElementsAre(1, 1, 1, 2, 2));
  builder.config(R"({"quantization_config": {"weight_block_size": [4, 4]}})");
  write(builder);
  EXPECT_THAT(values(views()[0]), ElementsAre(1, 1, 1, 1, 2));
  builder.config(R"({"quantization_config": {"weight_block_size": [128, 128]}})");
  write(builder);
  EXPECT_THAT(values(views()[0]), ElementsAre(1, 1, 1, 2, 2));
}

TEST_F(Quantised, OneScaleServesTheWholeTensor) {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{1, 1}}) {
    write(CheckpointBuilder()
              .add("x", DType::f8_e5m2, {2, 2}, {1, 2, 3, 4})
              .add("x_scale_inv", DType::f32, shape, {0.5}));
    EXPECT_THAT(values(views()[0]), ElementsAre(0.5, 1, 1.5, 2));
  }
}

TEST_F(Quantised, ExpertsHaveTheirOwnScales) {
  write(CheckpointBuilder()
            .add("e", DType::f8_e4m3, {2, 3, 2}, {1})
            .add("e_scale_inv", DType::f32, {2, 2, 1}, {1, 2, 3, 4}));
  EXPECT_THAT(values(views()[0]), ElementsAre(1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4));
}

TEST_F(Quantised, ScaledTensorsSplitAndJoinWithTheirScales) {
  write(CheckpointBuilder()
            .add("a", DType::f8_e4m3, {2, 2}, {1})
            .add("a_scale_inv", DType::f32, {2, 1}, {1, 2})
            .add("b", DType::f8_e4m3, {2, 2}, {1})
            .add("b_scale_inv", DType::f32, {1, 2}, {3, 4}));
  const auto joined = views({rule({"a", "b"}, {"ab"})});
  EXPECT_THAT(values(joined[0]), ElementsAre(1, 1, 2, 2, 3, 4, 3, 4));
  const auto cut = views({rule({"a", "b"}, {"ab"}), rule({"ab"}, {"x", "y"}, 0, {1, 3})});
  EXPECT_THAT(values(cut[0]), ElementsAre(1, 1));
  EXPECT_THAT(values(cut[1]), ElementsAre(2, 2, 3, 4, 3, 4));
}

TEST_F(Quantised, UnscaledFp8AndLookalikesAreOrdinary) {
  write(CheckpointBuilder()
            .add("x.weight", DType::f8_e4m3, {2}, {1.5, -2})
            .add("logit", DType::f32, {1}, {1})
            .add("logit_scale", DType::f32, {}, {1})
            .add("orphan_scale_inv", DType::f32, {1}, {1})
            .add("y", DType::bf16, {1}, {1})
            .add("y_scale_inv", DType::f32, {1}, {1})
            .add("z.scales", DType::f32, {1}, {1})
            .add("z.weight", DType::f32, {1}, {1}));
  EXPECT_EQ(views().size(), 8U);
  EXPECT_EQ(views().back().dtype, DType::f32);
}

TEST_F(Quantised, ScalesThatDoNotFitAreRefused) {
  const auto refused = [&](const Shape& weight, const Shape& scale, DType dtype = DType::f32) {
    CheckpointBuilder builder;
    builder.add("x", DType::f8_e4m3, weight, {1});
    if (dtype == DType::f8_e8m0) {
      builder.add_raw("x_scale_inv", dtype, scale, std::vector<std::byte>(element_count(scale).value()));
    } else {
      builder.add("x_scale_inv", dtype, scale, {1});
    }
    write(builder);
    expect_error(ExitCode::input, {checkpoint_.files[0].path.filename().string(), "tensor 'x_scale_inv'"},
                 [&] { views(); });
  };
  refused({4, 4}, {2});
  refused({5, 4}, {4, 1});
  refused({4, 4}, {8, 4});
  refused({2, 4, 4}, {1, 2, 2});
  refused({0, 4}, {2, 2});
  refused({4, 4}, {2, 2}, DType::i32);
  refused({4, 4}, {2, 2}, DType::f8_e8m0);
}

TEST_F(Quantised, PackedFormsAreRefusedByName) {
  const struct {
    const char* codes;
    DType dtype;
    const char* partner;
    DType partner_dtype;
  } cases[] = {{"l.qweight", DType::i32, "l.scales", DType::f16},
               {"l.qweight", DType::i32, "l.qzeros", DType::i32},
               {"l.weight_packed", DType::i32, "l.weight_scale", DType::bf16},
               {"mlp_blocks", DType::u8, "mlp_scales", DType::u8},
               {"l.weight", DType::i8, "l.SCB", DType::f32},
               {"l.weight", DType::u8, "l.weight.absmax", DType::f32},
               {"l.weight", DType::f8_e4m3, "l.weight_scale", DType::f32},
               {"l.weight", DType::u8, "l.weight_scale", DType::f8_e4m3},
               {"l.weight", DType::f8_e4m3, "l.scale", DType::f32},
               {"l.weight", DType::u32, "l.scales", DType::f16},
               {"l.weight", DType::i8, "l.weight_scale_inv", DType::f32},
               {"l.weight.quant_state.bitsandbytes__nf4", DType::u8, "other", DType::f32}};
  for (const auto& form : cases) {
    SCOPED_TRACE(std::string(form.codes) + " " + form.partner);
    write(CheckpointBuilder()
              .add(form.codes, form.dtype, {4}, {1})
              .add(form.partner, form.partner_dtype, {1}, {1}));
    expect_error(ExitCode::input,
                 {"model.safetensors", std::string("tensor '") + form.codes + "'", "dequantise"},
                 [&] { views(); });
  }
}

}  // namespace
}  // namespace stockpot::checkpoint
