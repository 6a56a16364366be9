#include "merge_fixture.hpp"

namespace stockpot::engine {
namespace {

/// Merges of checkpoints that store the same weights under other names, joined or cut.
class RenamedTensors : public MergeFixture {};

TEST_F(RenamedTensors, MergeWithWhatTheyMean) {
  for (const auto& [rows, columns] : {std::pair{1U, 1U}, {2U, 1U}, {1U, 2U}}) {
    set_grid(rows, columns);
    write("a", CheckpointBuilder()
                   .add("left.weight", DType::f32, {1, 2}, {1, 2})
                   .add("right.weight", DType::f32, {1, 2}, {3, 4})
                   .add("ids", DType::i64, {2}, {7, 8}));
    write("b", CheckpointBuilder()
                   .add("joined.weight", DType::f32, {2, 2}, {3, 4, 5, 8})
                   .add("more.ids", DType::i64, {2}, {7, 8}));
    write_recipe(
        "merge_method: uniform_soup\nmodels: [{model: @/a}, {model: @/b, name: fused}]\nnames:\n"
        "  - {from: 'joined\\.weight', to: [left.weight, right.weight], model: fused}\n"
        "  - {from: 'more\\.(.*)', to: '\\1', model: fused}\n");
    merge();
    expect_same_tensors(read_tensors(out), tensors_of(CheckpointBuilder()
                                                          .add("left.weight", DType::f32, {1, 2}, {2, 3})
                                                          .add("right.weight", DType::f32, {1, 2}, {4, 6})
                                                          .add("ids", DType::i64, {2}, {7, 8})));
    std::filesystem::remove_all(out);
  }
}

TEST_F(RenamedTensors, OfIntegersCanBeCut) {
  write(
      "a",
      CheckpointBuilder().add("both", DType::i16, {2, 3}, {1, 2, 3, 4, 5, 6}).add("x", DType::f32, {1}, {1}));
  write_recipe(
      "merge_method: passthrough\nmodels: [{model: @/a}]\nnames: [{from: both, to: [one, two], dim: 1, "
      "sizes: [1, 2]}]\n");
  merge();
  expect_same_tensors(read_tensors(out), tensors_of(CheckpointBuilder()
                                                        .add("one", DType::i16, {2, 1}, {1, 4})
                                                        .add("two", DType::i16, {2, 2}, {2, 3, 5, 6})
                                                        .add("x", DType::f32, {1}, {1})));
}

TEST_F(RenamedTensors, OfHalfBytesAreCutWhereBytesEnd) {
  std::vector<std::byte> bytes(8);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i + 1);
  write("a", CheckpointBuilder().add_raw("packed", DType::f4, {4, 4}, bytes));
  write_recipe(
      "merge_method: passthrough\nmodels: [{model: @/a}]\nnames: [{from: packed, to: [one, two]}]\n");
  merge();
  expect_same_tensors(read_tensors(out),
                      tensors_of(CheckpointBuilder()
                                     .add_raw("one", DType::f4, {2, 4}, {bytes.begin(), bytes.begin() + 4})
                                     .add_raw("two", DType::f4, {2, 4}, {bytes.begin() + 4, bytes.end()})));
}

TEST_F(RenamedTensors, OfSixBitsAreRefused) {
  write("a", CheckpointBuilder().add_raw("packed", DType::f6_e2m3, {4, 4}, std::vector<std::byte>(12)));
  write_recipe(
      "merge_method: passthrough\nmodels: [{model: @/a}]\nnames: [{from: packed, to: [one, two]}]\n");
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::input);
  EXPECT_THAT(failure.text, testing::AllOf(testing::HasSubstr("'one'"), testing::HasSubstr("F6_E2M3")));
}

TEST_F(RenamedTensors, HeadsCanBeKept) {
  const auto model = [](double value) {
    return CheckpointBuilder()
        .add("body.weight", DType::bf16, {4}, {value})
        .add("head.weight", DType::bf16, {2}, {value});
  };
  write("a", model(1));
  write("b", model(2));
  write("c", model(3));
  write_recipe(
      "merge_method: uniform_soup\nmodels: [{model: @/a}, {model: @/b, name: second}, {model: "
      "@/c}]\nexclude: [head]\n"
      "keep_from: second\n");
  for (const std::uint64_t columns : {1U, 3U}) {
    set_grid(1, columns);
    merge();
    expect_same_tensors(read_tensors(out), tensors_of(CheckpointBuilder()
                                                          .add("body.weight", DType::bf16, {4}, {2})
                                                          .add("head.weight", DType::bf16, {2}, {2})));
    std::filesystem::remove_all(out);
  }
}

TEST_F(RenamedTensors, TrajectoriesAreAveraged) {
  for (int step : {100, 200, 300, 1000}) {
    write(fmt::format("step{}", step),
          CheckpointBuilder().add("w", DType::f64, {2}, {static_cast<double>(step)}));
  }
  write_recipe("merge_method: linear\nmodels: {glob: \"@/step*\", last: 3, schedule: linear}\n");
  set_grid(2, 1);
  merge();
  const double expected = (1.0 / 6 * 200.0 + 2.0 / 6 * 300.0 + 3.0 / 6 * 1000.0);
  EXPECT_NEAR(load_as_double(DType::f64, read_tensors(out).at("w").bytes.data(), 0), expected, 1e-9);
}

TEST_F(RenamedTensors, FrankenmergesRenumberLayersAndTheConfig) {
  const auto model = [](double value) {
    CheckpointBuilder builder;
    for (int layer = 0; layer < 3; ++layer) {
      builder.add(fmt::format("model.layers.{}.w", layer), DType::f32, {2}, {value + layer});
    }
    return builder.add("model.embed.weight", DType::f32, {1}, {value}).config(R"({"num_hidden_layers": 3})");
  };
  write("a", model(10));
  write("b", model(20));
  write_recipe(
      "merge_method: passthrough\nslices:\n  - sources: [{model: @/a, layer_range: [0, 2]}]\n"
      "  - sources: [{model: @/b, layer_range: [1, 3], parameters: {scale: 0.5}}]\n");
  for (const std::uint64_t columns : {1U, 2U}) {
    set_grid(2, columns);
    merge();
    expect_same_tensors(read_tensors(out), tensors_of(CheckpointBuilder()
                                                          .add("model.embed.weight", DType::f32, {1}, {10})
                                                          .add("model.layers.0.w", DType::f32, {2}, {10})
                                                          .add("model.layers.1.w", DType::f32, {2}, {11})
                                                          .add("model.layers.2.w", DType::f32, {2}, {10.5})
                                                          .add("model.layers.3.w", DType::f32, {2}, {11})));
    EXPECT_EQ(nlohmann::json::parse(read_file(out / "config.json"))["num_hidden_layers"], 4);
    std::filesystem::remove_all(out);
  }
}

}  // namespace
}  // namespace stockpot::engine
