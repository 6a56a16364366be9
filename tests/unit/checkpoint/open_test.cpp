#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "expect_error.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "support/checkpoint_builder.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::checkpoint {
namespace {

namespace fs = std::filesystem;
using test::CheckpointBuilder;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* index_name = "model.safetensors.index.json";

class Open : public testing::Test {
 protected:
  Checkpoint open(const fs::path& path) {
    warnings_.clear();
    return open_checkpoint(path, "the-model", warnings_);
  }
  void expect_refused(const fs::path& path, const std::vector<std::string>& parts) {
    expect_error(ExitCode::input, parts, [&] { open(path); });
  }
  void edit_index(const std::function<std::string(std::string)>& change) {
    const fs::path path = folder_ / index_name;
    io::write_text(path, change(io::read_text(path, 1 << 20)), false);
  }

  static CheckpointBuilder four_tensors() {
    return CheckpointBuilder()
        .add_random("model.embed_tokens.weight", DType::bf16, {8, 4}, 1)
        .add_random("model.layers.10.mlp.weight", DType::bf16, {4, 4}, 2)
        .add_random("model.layers.2.mlp.weight", DType::f32, {4, 4}, 3)
        .add_random("model.position_ids", DType::i64, {8}, 4);
  }

  test::TemporaryFolder folder_;
  std::vector<std::string> warnings_;
};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

/// Every tensor of the builder is found, with its type and bytes where the description says.
void expect_holds(const Checkpoint& checkpoint, const CheckpointBuilder& builder) {
  EXPECT_EQ(checkpoint.tensors.size(), builder.tensors().size());
  std::uint64_t total = 0;
  for (const auto& [name, expected] : builder.tensors()) {
    const StoredTensor* stored = checkpoint.find(name);
    ASSERT_NE(stored, nullptr) << name;
    EXPECT_EQ(stored->dtype, expected.dtype);
    EXPECT_EQ(stored->shape, expected.shape);
    ASSERT_EQ(stored->bytes, expected.bytes.size());
    std::vector<std::byte> bytes(stored->bytes);
    io::File::open_to_read(checkpoint.files[stored->file].path).read_exact(stored->offset, bytes);
    EXPECT_EQ(bytes, expected.bytes) << name;
    total += stored->bytes;
  }
  EXPECT_EQ(checkpoint.total_bytes(), total);
  EXPECT_TRUE(std::is_sorted(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
}

TEST_F(Open, ReadsAFolderOfOneFile) {
  const CheckpointBuilder builder = four_tensors().config(R"({"model_type": "llama"})");
  builder.write(folder_.path());

  const Checkpoint checkpoint = open(folder_.path());

  expect_holds(checkpoint, builder);
  EXPECT_EQ(checkpoint.reference, "the-model");
  EXPECT_EQ(checkpoint.folder, folder_.path());
  EXPECT_EQ(checkpoint.config, R"({"model_type": "llama"})");
  EXPECT_EQ(checkpoint.find("model.embed"), nullptr);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(Open, ReadsShardsThroughTheIndex) {
  const CheckpointBuilder builder = four_tensors();
  builder.write(folder_.path(), 100);

  const Checkpoint checkpoint = open(folder_.path());

  EXPECT_EQ(checkpoint.files.size(), 3U);
  expect_holds(checkpoint, builder);
  EXPECT_THAT(warnings_, IsEmpty());
  for (const StoredFile& file : checkpoint.files) {
    EXPECT_EQ(file.identity, io::identify(io::File::open_to_read(file.path)));
  }
}

TEST_F(Open, ReadsBareFilesAndFoldersOfAnotherName) {
  const CheckpointBuilder builder = four_tensors();
  fs::create_directory(folder_ / "h5");
  builder.write_file(folder_ / "diffusion_pytorch_model.safetensors");
  builder.write_hdf5(folder_ / "h5" / "state.hdf5");

  for (const char* name : {"diffusion_pytorch_model.safetensors", "h5/state.hdf5"}) {
    const Checkpoint bare = open(folder_ / name);
    EXPECT_TRUE(bare.folder.empty());
    expect_holds(bare, builder);
  }
  expect_holds(open(folder_.path()), builder);
  expect_holds(open(folder_ / "h5"), builder);
}

TEST_F(Open, FollowsLinksIntoABlobStore) {
  const CheckpointBuilder builder = four_tensors();
  builder.write(folder_ / "blobs");
  fs::create_directories(folder_ / "snapshots" / "abc");
  fs::create_symlink("../../blobs/model.safetensors", folder_ / "snapshots" / "abc" / "model.safetensors");

  expect_holds(open(folder_ / "snapshots" / "abc"), builder);
}

TEST_F(Open, PrefersTheIndexOverAFileBesideItAndSaysSo) {
  const CheckpointBuilder builder = four_tensors();
  builder.write(folder_.path(), 100);
  CheckpointBuilder().add("other", DType::f32, {1}, {1}).write_file(folder_ / "model.safetensors");

  expect_holds(open(folder_.path()), builder);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("'model.safetensors'")));
}

TEST_F(Open, WarnsOfAStaleIndexAndAWrongTotal) {
  const CheckpointBuilder builder = four_tensors();
  builder.write(folder_.path(), 100);
  builder.write_file(folder_ / "model-00004-of-00004.safetensors");
  edit_index(
      [](std::string text) { return replaced(std::move(text), "\"total_size\": ", "\"total_size\": 7"); });

  expect_holds(open(folder_.path()), builder);
  EXPECT_THAT(warnings_, Contains(HasSubstr("'model-00004-of-00004.safetensors'")));
  EXPECT_THAT(warnings_, Contains(HasSubstr("total_size")));
}

TEST_F(Open, NamesEveryMissingShard) {
  four_tensors().write(folder_.path(), 100);
  fs::remove(folder_ / "model-00001-of-00003.safetensors");
  fs::remove(folder_ / "model-00003-of-00003.safetensors");
  expect_refused(folder_.path(),
                 {"2 of 3", "model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors"});
}

TEST_F(Open, RefusesATensorThatTheIndexForgets) {
  four_tensors().write(folder_.path(), 100);
  edit_index([](std::string text) {
    return replaced(std::move(text), "\"model.layers.2.mlp.weight\"", "\"model.layers.3.mlp.weight\"");
  });
  expect_refused(folder_.path(), {"tensor 'model.layers.2.mlp.weight'", "does not list it"});
}

TEST_F(Open, RefusesATensorThatItsShardLacks) {
  four_tensors().write(folder_.path(), 100);
  edit_index([](std::string text) {
    return replaced(std::move(text), "\"model.layers.2.mlp.weight\"",
                    "\"extra\": \"model-00001-of-00003.safetensors\", \"model.layers.2.mlp.weight\"");
  });
  expect_refused(folder_.path(), {index_name, "tensor 'extra'", "does not hold it"});
}

TEST_F(Open, RefusesATensorInAnotherShardThanTheIndexSays) {
  const CheckpointBuilder builder = four_tensors();
  builder.write(folder_.path(), 100);
  fs::rename(folder_ / "model-00001-of-00003.safetensors", folder_ / "swap");
  fs::rename(folder_ / "model-00002-of-00003.safetensors", folder_ / "model-00001-of-00003.safetensors");
  fs::rename(folder_ / "swap", folder_ / "model-00002-of-00003.safetensors");
  expect_refused(folder_.path(), {"tensor 'model.embed_tokens.weight'", "but it stands in"});
}

TEST_F(Open, RefusesATensorInTwoShards) {
  const CheckpointBuilder builder = four_tensors();
  builder.write(folder_.path(), 100);
  CheckpointBuilder()
      .add("model.position_ids", DType::i64, {1}, {1})
      .add("model.layers.10.mlp.weight", DType::f32, {1}, {1})
      .write_file(folder_ / "model-00001-of-00003.safetensors");
  expect_refused(folder_.path(), {"model.layers.10.mlp.weight", "two files", "model-00001-of-00003"});
}

TEST_F(Open, RefusesAHostileIndex) {
  four_tensors().write(folder_.path(), 100);
  edit_index([](std::string text) {
    return replaced(std::move(text), "model-00001-of-00003.safetensors", "../secret.safetensors");
  });
  expect_refused(folder_.path(), {index_name});
}

TEST_F(Open, RefusesFilesWithoutAnIndex) {
  const CheckpointBuilder builder = four_tensors();
  builder.write_file(folder_ / "a.safetensors");
  builder.write_file(folder_ / "b.safetensors");
  expect_refused(folder_.path(),
                 {"2 safetensors files without an index", "'a.safetensors', 'b.safetensors'"});
}

TEST_F(Open, RefusesWhatItCannotReadWithTheWayOut) {
  const struct {
    const char* name;
    const char* way_out;
  } cases[] = {{"pytorch_model.bin", "weights_only=True"},
               {"model.pt", "weights_only=True"},
               {"consolidated.00.pth", "weights_only=True"},
               {"pytorch_model.bin.index.json", "weights_only=True"},
               {"model-Q4_K_M.gguf", "GGUF"},
               {"tf_model.h5", "from_tf=True"},
               {"__0_0.distcp", "dcp_to_torch"},
               {"adapter_model.safetensors", "BASE+ADAPTER"}};
  for (const auto& [name, way_out] : cases) {
    SCOPED_TRACE(name);
    const fs::path model = folder_ / (std::string("of-") + name);
    fs::create_directory(model);
    io::write_text(model / name, "not to be read", false);
    io::write_text(model / "config.json", "{}", false);
    expect_refused(model, {model.string(), name, way_out});
  }
  io::write_text(folder_ / "pytorch_model.bin", "x", false);
  expect_refused(folder_ / "pytorch_model.bin", {"pytorch_model.bin", "weights_only=True"});
}

TEST_F(Open, RefusesWhatIsNoModel) {
  fs::create_directory(folder_ / "empty");
  io::write_text(folder_ / "notes.txt", "x", false);
  fs::create_directories(folder_ / "odd" / "model.safetensors");
  expect_refused(folder_ / "empty", {"no checkpoint in this folder"});
  expect_refused(folder_ / "notes.txt", {"expected a folder"});
  expect_refused(folder_ / "nowhere", {"no such file or folder"});
  expect_refused(folder_ / "odd", {"no checkpoint in this folder"});
}

TEST_F(Open, RefusesBrokenConfigs) {
  four_tensors().config("{\"a\": ").write(folder_.path());
  expect_refused(folder_.path(), {"config.json", "not valid JSON"});
  four_tensors().config("[1]").write(folder_.path());
  expect_refused(folder_.path(), {"config.json", "not a JSON object"});
  four_tensors()
      .config("{\"a\": " + std::string(100'000, '[') + std::string(100'000, ']') + "}")
      .write(folder_.path());
  expect_refused(folder_.path(), {"config.json", "too deep"});
  std::string wide = "{\"a\": 1";
  for (int i = 0; i < 30'000; ++i) wide.append(", \"").append(std::to_string(i)).append("\": 1");
  four_tensors().config(wide + "}").write(folder_.path());
  expect_refused(folder_.path(), {"config.json", "too large"});
}

}  // namespace
}  // namespace stockpot::checkpoint
