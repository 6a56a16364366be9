#include "stockpot/report/inspect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report_fixture.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

Inspection inspect_here(const std::string& reference, Depth depth) {
  comm::Communicator world = comm::make_serial();
  return inspect(world, reference, depth, {});
}

class InspectTest : public ::testing::Test {
 protected:
  std::string write(const test::CheckpointBuilder& model, std::uint64_t shard_bytes) {
    model.write(folder_ / "model", shard_bytes);
    return folder_ / "model";
  }
  test::TemporaryFolder folder_;
};

TEST_F(InspectTest, DigestsAndZerosAreThoseOfTheBytes) {
  const test::CheckpointBuilder model = varied_model();
  const Inspection found = inspect_here(write(model, test::CheckpointBuilder::one_shard), Depth::content);
  const json document = json::parse(inspection_json(found));
  EXPECT_EQ(document["model_digest"], expected_model_digest(model));
  ASSERT_EQ(document["tensors"].size(), model.tensors().size());
  std::uint64_t all_bytes = 0;
  for (const auto& [name, tensor] : model.tensors()) {
    const json& entry = document["tensors"][name];
    EXPECT_EQ(entry["digest"], expected_digest(tensor.bytes).hex()) << name;
    EXPECT_EQ(entry["dtype"], stockpot::name(tensor.dtype));
    EXPECT_EQ(entry["shape"], json(tensor.shape));
    EXPECT_EQ(entry["bytes"], tensor.bytes.size());
    EXPECT_EQ(entry["elements"], element_count(tensor.shape).value());
    EXPECT_EQ(entry["file"], "model.safetensors");
    all_bytes += tensor.bytes.size();
  }
  EXPECT_EQ(document["bytes"], all_bytes);
  EXPECT_EQ(document["tensors"]["model.zeros"]["sparsity"], 3.0 / 9.0);
  EXPECT_EQ(document["tensors"]["model.scale"]["sparsity"], 1.0);
  EXPECT_EQ(document["tensors"]["model.packed"]["sparsity"], 4.0 / 6.0);
  EXPECT_TRUE(document["tensors"]["model.nothing"]["sparsity"].is_null());
  EXPECT_EQ(document["layers"], json({{"model.layers.", 11}}));
  EXPECT_EQ(document["metadata"], json({{"format", "pt"}}));
  EXPECT_EQ(document["format"], "safetensors");
  EXPECT_TRUE(document["manifest"].is_null());
}

TEST_F(InspectTest, TextAndDocumentDoNotDependOnRanksThreadsOrShards) {
  const std::string path = write(varied_model(), 100000);
  const std::string one = inspection_json(inspect_here(path, Depth::content));
  EXPECT_THAT(one, HasSubstr("model-00001-of-"));
  for (int ranks = 1; ranks <= 4; ++ranks) {
    Options options;
    options.threads = 1 + ranks % 3;
    const auto texts = on_ranks(ranks, [&](comm::Communicator& world) {
      const Inspection found = inspect(world, path, Depth::content, options);
      EXPECT_EQ(found.model_digest->hex(), expected_model_digest(varied_model()));
      return inspection_json(found);
    });
    EXPECT_EQ(texts.front(), one) << ranks << " ranks";
  }
}

TEST_F(InspectTest, HeadersAloneSayNothingOfTheContent) {
  const Inspection found = inspect_here(write(varied_model(), 100000), Depth::headers);
  EXPECT_FALSE(found.model_digest.has_value());
  const json document = json::parse(inspection_json(found));
  EXPECT_TRUE(document["model_digest"].is_null());
  EXPECT_TRUE(document["tensors"]["model.zeros"]["digest"].is_null());
  EXPECT_TRUE(document["tensors"]["model.zeros"]["sparsity"].is_null());
  EXPECT_EQ(document["tensors"]["model.zeros"]["bytes"], 18);
  const std::string text = inspection_text(found, Listing::all);
  EXPECT_THAT(text, HasSubstr("model.zeros"));
  EXPECT_THAT(text, Not(HasSubstr("digest")));
}

TEST_F(InspectTest, Hdf5StateDictsHaveTheSameDigest) {
  test::CheckpointBuilder model = varied_model();
  model.remove("model.packed").remove("model.nothing");
  model.write_hdf5(folder_ / "model.h5");
  const Inspection found = inspect_here(folder_ / "model.h5", Depth::content);
  const json document = json::parse(inspection_json(found));
  EXPECT_EQ(document["model_digest"], expected_model_digest(model));
  EXPECT_EQ(document["format"], "hdf5");
  EXPECT_THAT(inspection_text(found, Listing::shortened), HasSubstr("HDF5, 1 file, 7 tensors"));
}

TEST_F(InspectTest, TiedTensorsMetadataAndTheManifestAreShown) {
  test::CheckpointBuilder model;
  model.add_random("model.embed_tokens.weight", DType::f32, {4, 2}, 1)
      .config(R"({"tie_word_embeddings": true, "model_type": "llama"})")
      .metadata("trained", "by hand");
  model.file("stockpot_manifest.json",
             manifest_of(model, {{"model.embed_tokens.weight", "model.safetensors"}}).dump());
  const Inspection found = inspect_here(write(model, test::CheckpointBuilder::one_shard), Depth::content);
  const json document = json::parse(inspection_json(found));
  EXPECT_EQ(document["aliases"], json({{"lm_head.weight", "model.embed_tokens.weight"}}));
  EXPECT_EQ(document["metadata"]["trained"], "by hand");
  EXPECT_EQ(document["manifest"]["method"], "linear");
  EXPECT_EQ(document["manifest"]["seed"], 7);
  const std::string text = inspection_text(found, Listing::shortened);
  EXPECT_THAT(text, HasSubstr("tied: lm_head.weight is model.embed_tokens.weight"));
  EXPECT_THAT(text, HasSubstr("metadata: trained = 'by hand'"));
  EXPECT_THAT(text, HasSubstr("manifest: written by stockpot 0.1.0, method linear, seed 7"));
}

TEST_F(InspectTest, ABrokenManifestIsAWarning) {
  test::CheckpointBuilder model;
  model.add("w", DType::f32, {1}, {1}).file("stockpot_manifest.json", "{");
  const std::string path = write(model, test::CheckpointBuilder::one_shard);
  std::vector<std::string> warnings;
  Options options;
  options.warn = [&warnings](const std::string& text) { warnings.push_back(text); };
  comm::Communicator world = comm::make_serial();
  EXPECT_FALSE(inspect(world, path, Depth::content, options).origin.has_value());
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings.front(), HasSubstr("stockpot_manifest.json"));
}

TEST_F(InspectTest, LargeModelsAreCutInTheMiddleUnlessAllIsWanted) {
  test::CheckpointBuilder model;
  for (int layer = 0; layer < 100; ++layer) {
    model.add("layers." + std::to_string(layer) + ".w", DType::f32, {2}, {1.0});
  }
  const Inspection found = inspect_here(write(model, test::CheckpointBuilder::one_shard), Depth::content);
  const std::string cut = inspection_text(found, Listing::shortened);
  EXPECT_THAT(cut, HasSubstr("layers.19.w"));
  EXPECT_THAT(cut, Not(HasSubstr("layers.20.w")));
  EXPECT_THAT(cut, HasSubstr("... 60 more, listed with --tensors ..."));
  EXPECT_THAT(cut, Not(HasSubstr("layers.79.w")));
  EXPECT_THAT(cut, HasSubstr("layers.80.w"));
  EXPECT_THAT(inspection_text(found, Listing::all), HasSubstr("layers.50.w"));
}

TEST_F(InspectTest, HostileNamesReachNoTerminal) {
  test::CheckpointBuilder model;
  model.add("bad\x1b[2Jname", DType::f32, {1}, {1});
  const Inspection found = inspect_here(write(model, test::CheckpointBuilder::one_shard), Depth::content);
  const std::string text = inspection_text(found, Listing::all);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("'bad\\x1b[2Jname'"));
  EXPECT_TRUE(json::parse(inspection_json(found))["tensors"].contains("bad\x1b[2Jname"));
}

TEST_F(InspectTest, AMissingModelIsTheSameErrorOnEveryRank) {
  const std::string nowhere = folder_ / "nowhere";
  comm::run_threads(3, [&](comm::Communicator& world) {
    try {
      inspect(world, nowhere, Depth::content, {});
      ADD_FAILURE() << "rank " << world.rank() << " found something";
    } catch (const comm::CollectiveError& failure) {
      EXPECT_EQ(failure.code(), ExitCode::input);
      EXPECT_THAT(failure.what(), HasSubstr("nowhere"));
    }
  });
}

TEST_F(InspectTest, AdaptersAreRefused) {
  try {
    inspect_here("base+adapter", Depth::headers);
    FAIL() << "read an adapter";
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code(), ExitCode::usage);
    EXPECT_THAT(failure.what(), HasSubstr("adapter"));
  }
}

}  // namespace
}  // namespace stockpot::report
