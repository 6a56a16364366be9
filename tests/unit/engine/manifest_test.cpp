#include "merge_fixture.hpp"
#include "stockpot/base/digest.hpp"
#include "stockpot/base/version.hpp"

namespace stockpot::engine {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::vector<std::string> keys(const nlohmann::json& object) {
  std::vector<std::string> list;
  for (const auto& [key, unused] : object.items()) list.push_back(key);
  return list;
}

/// The contract's definition, written down again: blocks of 4 MiB, then their digests.
std::string tensor_digest_of(const std::vector<std::byte>& bytes) {
  std::vector<std::byte> digests;
  for (std::size_t at = 0; at < bytes.size(); at += std::size_t{4} << 20) {
    const std::size_t size = std::min(bytes.size() - at, std::size_t{4} << 20);
    const Digest digest = digest_of(std::span(bytes).subspan(at, size));
    for (const std::uint8_t byte : digest.bytes) digests.push_back(static_cast<std::byte>(byte));
  }
  return digest_of(digests).hex();
}

std::string model_digest_of(const CheckpointBuilder& model) {
  std::string text;
  for (const auto& [name, tensor] : model.tensors()) {
    text += name + " " + std::string(stockpot::name(tensor.dtype)) + " ";
    for (std::size_t d = 0; d < tensor.shape.size(); ++d)
      text += (d > 0 ? "," : "") + std::to_string(tensor.shape[d]);
    text += " " + tensor_digest_of(tensor.bytes) + "\n";
  }
  return digest_of(text).hex();
}

class Manifest : public MergeFixture {};

TEST_F(Manifest, SaysWhatTheContractAsks) {
  const MergeCase merge = random_case(103, true);
  write_recipe(merge.write(folder.path(), CheckpointBuilder::one_shard));
  options.plan.seed = 5;
  options.plan.shard_bytes = 1'000'000;
  set_grid(3, 1);
  this->merge();
  const nlohmann::json document = manifest();
  EXPECT_THAT(keys(document),
              ElementsAre("density", "diagnostics", "format_version", "library_results", "method", "models",
                          "recipe_digest", "seed", "semantics", "stockpot", "tensors"));
  EXPECT_EQ(document["format_version"], 1);
  EXPECT_EQ(document["stockpot"], version());
  EXPECT_EQ(document["seed"], 5);
  EXPECT_EQ(document["semantics"], "mergekit");
  EXPECT_EQ(document["method"], merge.method);
  EXPECT_EQ(document["recipe_digest"], digest_of(read_file(recipe)).hex());
  EXPECT_EQ(read_file(out / "stockpot_recipe.yml"), read_file(recipe));
  EXPECT_EQ(document["density"], nlohmann::json::object());
  EXPECT_EQ(document["diagnostics"], nlohmann::json::object());
  EXPECT_EQ(document["library_results"], nlohmann::json::array());
  ASSERT_EQ(document["models"].size(), merge.models.size());
  for (std::size_t m = 0; m < merge.models.size(); ++m) {
    EXPECT_THAT(keys(document["models"][m]), ElementsAre("model_digest", "reference"));
    EXPECT_EQ(document["models"][m]["reference"], (folder / fmt::format("m{}", m)).string());
    EXPECT_EQ(document["models"][m]["model_digest"], model_digest_of(merge.models[m]));
  }
  const OutputTensors outputs = read_tensors(out);
  ASSERT_EQ(document["tensors"].size(), outputs.size());
  for (const auto& [name, tensor] : outputs) {
    const nlohmann::json& entry = document["tensors"][name];
    EXPECT_THAT(keys(entry), ElementsAre("digest", "dtype", "file", "shape"));
    EXPECT_EQ(entry["dtype"], stockpot::name(tensor.dtype)) << name;
    EXPECT_EQ(entry["shape"].get<Shape>(), tensor.shape) << name;
    EXPECT_EQ(entry["digest"], tensor_digest_of(tensor.bytes)) << name;
    EXPECT_TRUE(std::filesystem::exists(out / entry["file"].get<std::string>())) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(out / "job"));
  EXPECT_FALSE(std::filesystem::exists(out / "journal"));
  EXPECT_FALSE(std::filesystem::exists(out / "lock"));
}

TEST_F(Manifest, RunFileSaysWhatTheContractAsks) {
  const MergeCase merge = random_case(101, false);
  write_recipe(merge.write(folder.path(), CheckpointBuilder::one_shard));
  set_grid(2, 2);
  options.plan.threads = 3;
  options.mpi_init_seconds = 100.0;
  this->merge();
  const nlohmann::json run = run_json();
  EXPECT_EQ(run["ranks"], 4);
  EXPECT_EQ(run["threads"], 3);
  EXPECT_EQ(run["grid"], nlohmann::json({2, 2}));
  EXPECT_EQ(run["resumed"], false);
  EXPECT_EQ(run["device"], "cpu");
  EXPECT_THAT(keys(run["seconds"]), UnorderedElementsAre("total", "mpi_init", "read", "compute", "write"));
  EXPECT_EQ(run["seconds"]["mpi_init"], 100.0);
  EXPECT_GT(run["seconds"]["total"], 100.0);
  std::map<std::string, std::uint64_t> sums;
  ASSERT_EQ(run["per_rank"].size(), 4U);
  for (std::size_t r = 0; r < 4; ++r) {
    const nlohmann::json& rank = run["per_rank"][r];
    EXPECT_EQ(rank["rank"], r);
    EXPECT_GT(rank["peak_resident_bytes"], 1'000'000);
    EXPECT_THAT(keys(rank["bytes"]), UnorderedElementsAre("read", "exchanged", "written", "reduced"));
    for (const auto& [key, bytes] : rank["bytes"].items()) sums[key] += bytes.get<std::uint64_t>();
  }
  for (const auto& [key, bytes] : run["bytes"].items()) EXPECT_EQ(sums[key], bytes) << key;
}

TEST_F(Manifest, AModelThatOnlyGivesTheConfigIsNotListed) {
  write("a", CheckpointBuilder().add("x", DType::f32, {1}, {1}));
  write("b", CheckpointBuilder().add("x", DType::f32, {1}, {3}));
  write("c", CheckpointBuilder().add("x", DType::bf16, {1}, {9}).config(R"({"model_type": "from_c"})"));
  write_recipe("merge_method: uniform_soup\nbase_model: @/c\nmodels: [{model: @/a}, {model: @/b}]\n");
  merge();
  EXPECT_EQ(manifest()["models"].size(), 2U);
  expect_same_tensors(read_tensors(out), tensors_of(CheckpointBuilder().add("x", DType::f32, {1}, {2})));
  EXPECT_EQ(nlohmann::json::parse(read_file(out / "config.json"))["model_type"], "from_c");
}

}  // namespace
}  // namespace stockpot::engine
