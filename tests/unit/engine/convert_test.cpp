#include "merge_fixture.hpp"

namespace stockpot::engine {
namespace {

/// A model with a tensor of every dtype of the format, odd shapes, and names that HDF5 can't hold as they
/// are.
CheckpointBuilder every_dtype() {
  CheckpointBuilder builder;
  std::mt19937_64 generator(11);
  for (int d = 0; d < dtype_count; ++d) {
    const auto dtype = static_cast<DType>(d);
    const Shape shape{6, 4};
    std::vector<std::byte> raw(tensor_bytes(dtype, shape).value());
    for (std::byte& byte : raw)
      byte = static_cast<std::byte>(dtype == DType::boolean ? generator() & 1 : generator() & 0xff);
    if (is_mergeable(dtype)) raw = random_floats(dtype, 24, generator);
    builder.add_raw(fmt::format("layers.{}.{}", d, name(dtype)), dtype, shape, std::move(raw));
  }
  return builder.add("with/slash and 100%", DType::f32, {2}, {1, 2})
      .add("scalar", DType::f64, {}, {3.5})
      .add("empty", DType::bf16, {0, 7}, {})
      .add("empty.integers", DType::i16, {4, 0}, {});
}

class Convert : public MergeFixture {};

TEST_F(Convert, KeepsEveryDtypeOnEveryNumberOfRanks) {
  const CheckpointBuilder model = every_dtype();
  const auto input = write("model", model);
  for (const std::uint64_t ranks : {1U, 2U, 3U, 5U}) {
    set_grid(ranks, 1);
    convert(input);
    expect_same_tensors(read_tensors(out), tensors_of(model));
    std::filesystem::remove_all(out);
  }
}

TEST_F(Convert, ThereAndBackThroughHdf5IsTheSame) {
  const CheckpointBuilder model = every_dtype();
  const auto input = write("model", model, 100);
  for (const std::uint64_t ranks : {1U, 3U}) {
    set_grid(ranks, 1);
    options.output = folder / "state.h5";
    options.plan.format = plan::OutputFormat::hdf5;
    convert(input);
    EXPECT_TRUE(std::filesystem::is_regular_file(options.output));
    expect_same_tensors(read_tensors(options.output), tensors_of(model));
    options.output = out;
    options.plan.format = plan::OutputFormat::safetensors;
    convert(folder / "state.h5");
    expect_same_tensors(read_tensors(out), tensors_of(model));
    std::filesystem::remove_all(out);
    std::filesystem::remove(folder / "state.h5");
  }
}

TEST_F(Convert, Hdf5FilesAreTheSameBytesForEveryRun) {
  const auto input = write("model", every_dtype());
  options.plan.format = plan::OutputFormat::hdf5;
  std::string first;
  for (const std::uint64_t ranks : {1U, 2U, 4U}) {
    set_grid(ranks, 1);
    options.output = folder / fmt::format("state{}.h5", ranks);
    convert(input);
    const std::string content = read_file(options.output);
    if (first.empty()) first = content;
    EXPECT_TRUE(content == first) << ranks << " ranks";
  }
}

TEST_F(Convert, Hdf5OutputsObeyTheRulesOfOutputs) {
  const auto input = write("model", every_dtype());
  options.output = folder / "state.h5";
  options.plan.format = plan::OutputFormat::hdf5;
  const auto failure = [&] {
    return failure_of([&](comm::Communicator& world) { engine::convert(world, input, options); });
  };
  set_fault_plan("write:eio:nth=9");
  EXPECT_EQ(failure().code, ExitCode::system_io);
  set_fault_plan("");
  EXPECT_FALSE(std::filesystem::exists(options.output));
  options.existing = io::ExistingOutput::resume;
  convert(input);
  expect_same_tensors(read_tensors(options.output), tensors_of(every_dtype()));
  options.existing = io::ExistingOutput::refuse;
  EXPECT_EQ(failure().code, ExitCode::usage);
  options.existing = io::ExistingOutput::overwrite;
  write("model", every_dtype().add("scalar", DType::f64, {}, {4.5}));
  convert(input);
  EXPECT_EQ(load_as_double(DType::f64, read_tensors(options.output).at("scalar").bytes.data(), 0), 4.5);
}

TEST_F(Convert, ShardsAreCutInNaturalOrder) {
  CheckpointBuilder model;
  for (int layer = 0; layer < 12; ++layer)
    model.add_random(fmt::format("layers.{}.w", layer), DType::f32, {25}, 3);
  const auto input = write("model", model);
  options.plan.shard_bytes = 300;
  set_grid(2, 1);
  convert(input);
  expect_same_tensors(read_tensors(out), tensors_of(model));
  const nlohmann::json index = nlohmann::json::parse(read_file(out / "model.safetensors.index.json"));
  EXPECT_EQ(index["metadata"]["total_size"], 1200);
  EXPECT_EQ(index["weight_map"]["layers.2.w"], "model-00001-of-00004.safetensors");
  EXPECT_EQ(index["weight_map"]["layers.10.w"], "model-00004-of-00004.safetensors");
  options.output = folder / "one";
  options.plan.shard_bytes = 5'000'000'000;
  convert(out);
  EXPECT_TRUE(std::filesystem::exists(options.output / "model.safetensors"));
  EXPECT_TRUE(read_file(options.output / "model.safetensors") == read_file(input / "model.safetensors"));
}

TEST_F(Convert, ChangesTheDtypeOfFloatsOnly) {
  const auto input = write("model", CheckpointBuilder()
                                        .add("x", DType::f64, {3}, {1.0, 1.0 + 0x1p-9, -0.0})
                                        .add("fp8", DType::f8_e4m3, {2}, {0.5, -2})
                                        .add("ids", DType::i64, {2}, {1, 2}));
  options.dtype = DType::bf16;
  convert(input);
  expect_same_tensors(read_tensors(out), tensors_of(CheckpointBuilder()
                                                        .add("x", DType::bf16, {3}, {1.0, 1.0, -0.0})
                                                        .add("fp8", DType::bf16, {2}, {0.5, -2})
                                                        .add("ids", DType::i64, {2}, {1, 2})));
}

TEST_F(Convert, ScaledFp8IsDequantised) {
  const auto input = write("model", CheckpointBuilder()
                                        .add("x.weight", DType::f8_e4m3, {2, 2}, {1, 2, 3, 4})
                                        .add("x.weight_scale_inv", DType::f32, {1, 1}, {0.5})
                                        .config(R"({"quantization_config": {"quant_method": "fp8"}})"));
  convert(input);
  expect_same_tensors(read_tensors(out),
                      tensors_of(CheckpointBuilder().add("x.weight", DType::bf16, {2, 2}, {0.5, 1, 1.5, 2})));
  EXPECT_EQ(nlohmann::json::parse(read_file(out / "config.json")).contains("quantization_config"), false);
}

TEST_F(Convert, AnOddPathStaysAValidRecipe) {
  const CheckpointBuilder model = CheckpointBuilder().add("x", DType::f32, {1}, {1});
  const auto input = write("a: b #c \"d\" 'e'", model);
  convert(input);
  options.output = folder / "again";
  std::filesystem::copy_file(out / "stockpot_recipe.yml", recipe);
  merge();
  expect_same_tensors(read_tensors(options.output), tensors_of(model));
}

TEST_F(Convert, MergesReadHdf5AndBareFiles) {
  const auto model = [](double value) {
    return CheckpointBuilder().add("x.weight", DType::f32, {2, 3}, {value});
  };
  model(1).write_hdf5(folder / "a.h5");
  model(2).write_file(folder / "b.safetensors");
  model(6).write(folder / "c");
  write_recipe(
      "merge_method: uniform_soup\nmodels: [{model: @/a.h5}, {model: @/b.safetensors}, {model: @/c}]\n");
  merge();
  expect_same_tensors(read_tensors(out), tensors_of(model(3)));
}

}  // namespace
}  // namespace stockpot::engine
