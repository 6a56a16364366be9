#include "stockpot/report/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report_fixture.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/io/safetensors.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// An output of three shards with its manifest.
class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() : model_(varied_model()) {
    model_.write(output(), 3000);
    const json index = json::parse(io::read_text(output() / "model.safetensors.index.json", 1000000));
    files_ = index["weight_map"].get<std::map<std::string, std::string>>();
    manifest_ = manifest_of(model_, files_);
    write_manifest();
  }

  [[nodiscard]] std::filesystem::path output() const { return folder_ / "out"; }
  void write_manifest() const {
    io::write_text(output() / "stockpot_manifest.json", manifest_.dump(), false);
  }
  /// Flips one bit of a tensor, by default of its last byte.
  void flip(const std::string& tensor) const {
    const io::File file = io::File::open_to_write(output() / files_.at(tensor));
    for (const io::TensorHeader& header : io::read_safetensors_header(file).tensors) {
      if (header.name != tensor) continue;
      std::byte last{};
      file.read_exact(header.offset + header.bytes - 1, std::span(&last, 1));
      last ^= std::byte{0x10};
      file.write_all(header.offset + header.bytes - 1, std::span(&last, 1));
    }
  }
  [[nodiscard]] Verification verify_here() const {
    comm::Communicator world = comm::make_serial();
    return verify(world, output(), {});
  }
  /// The only mismatch there is.
  [[nodiscard]] Mismatch mismatch() const {
    const Verification found = verify_here();
    EXPECT_EQ(found.mismatches.size(), 1U) << verification_text(found, output());
    return found.mismatches.empty() ? Mismatch{} : found.mismatches.front();
  }

  test::TemporaryFolder folder_;
  test::CheckpointBuilder model_;
  std::map<std::string, std::string> files_;
  json manifest_;
};

TEST_F(VerifyTest, AnUntouchedOutputPassesOnAnyNumberOfRanks) {
  const std::string text = verification_text(verify_here(), output());
  EXPECT_THAT(text, HasSubstr("9 tensors"));
  EXPECT_THAT(text, HasSubstr("all as the manifest says"));
  for (int ranks = 1; ranks <= 4; ++ranks) {
    Options options;
    options.threads = ranks;
    for (const std::string& on_rank : on_ranks(ranks, [&](comm::Communicator& world) {
           return verification_text(verify(world, output(), options), output());
         })) {
      EXPECT_EQ(on_rank, text);
    }
  }
}

TEST_F(VerifyTest, AFlippedBitIsFoundAndNamedOnAnyNumberOfRanks) {
  for (const char* tensor : {"model.embed_tokens.weight", "model.scale", "model.position_ids"}) {
    flip(tensor);
    for (int ranks = 1; ranks <= 4; ++ranks) {
      for (const std::string& text : on_ranks(ranks, [&](comm::Communicator& world) {
             const Verification found = verify(world, output(), {});
             EXPECT_FALSE(found.passed());
             return verification_text(found, output());
           })) {
        EXPECT_THAT(text, HasSubstr((output() / files_.at(tensor)).string() + ": tensor '" + tensor +
                                    "': content digest is "));
        EXPECT_THAT(text, HasSubstr("1 of 9 tensors"));
      }
    }
    flip(tensor);
  }
  EXPECT_TRUE(verify_here().passed());
}

TEST_F(VerifyTest, TheExitCodeIsTheSameOnEveryRankAndOneRankPrints) {
  flip("model.zeros");
  ::testing::internal::CaptureStdout();
  const auto codes = on_ranks(
      3, [&](comm::Communicator& world) { return std::to_string(verify_output(world, output(), 2, true)); });
  const json document = json::parse(::testing::internal::GetCapturedStdout());
  EXPECT_EQ(codes, std::vector<std::string>(3, "5"));
  EXPECT_EQ(document["verified"], false);
  EXPECT_EQ(document["tensors"], 9);
  ASSERT_EQ(document["problems"].size(), 1U);
  EXPECT_EQ(document["problems"][0]["tensor"], "model.zeros");

  flip("model.zeros");
  ::testing::internal::CaptureStdout();
  comm::Communicator world = comm::make_serial();
  EXPECT_EQ(verify_output(world, output(), 1, false), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("all as the manifest says"));
}

TEST_F(VerifyTest, DtypeShapeFileAndNamesMustAgree) {
  const json whole = manifest_;
  manifest_["tensors"]["model.zeros"]["dtype"] = "F16";
  write_manifest();
  EXPECT_EQ(mismatch().problem, "dtype is BF16, the manifest says F16");

  manifest_ = whole;
  manifest_["tensors"]["model.zeros"]["shape"] = {9};
  write_manifest();
  EXPECT_EQ(mismatch().problem, "shape is [3, 3], the manifest says [9]");

  manifest_ = whole;
  const std::string other = files_.at("model.embed_tokens.weight");
  ASSERT_NE(files_.at("model.zeros"), other);
  manifest_["tensors"]["model.zeros"]["file"] = other;
  write_manifest();
  EXPECT_EQ(mismatch().problem, "stands in this file, the manifest says '" + other + "'");

  manifest_ = whole;
  manifest_["tensors"].erase("model.zeros");
  write_manifest();
  EXPECT_EQ(mismatch(), (Mismatch{(output() / files_.at("model.zeros")).string(), "model.zeros",
                                  "is not in the manifest"}));

  manifest_ = whole;
  manifest_["tensors"]["model.more"] = whole["tensors"]["model.zeros"];
  write_manifest();
  EXPECT_EQ(mismatch().tensor, "model.more");
  EXPECT_EQ(mismatch().problem, "is missing, the manifest has it");
}

TEST_F(VerifyTest, MissingShardsAreListed) {
  std::filesystem::remove(output() / files_.at("model.zeros"));
  const Mismatch found = mismatch();
  EXPECT_EQ(found.file, (output() / files_.at("model.zeros")).string());
  EXPECT_EQ(found.problem, "is missing");
}

TEST_F(VerifyTest, ATruncatedShardFailsVerification) {
  const std::filesystem::path shard = output() / files_.at("model.zeros");
  std::filesystem::resize_file(shard, std::filesystem::file_size(shard) - 1);
  EXPECT_THAT(mismatch().problem, HasSubstr(files_.at("model.zeros")));
}

TEST_F(VerifyTest, AnIndexThatDisagreesFailsVerification) {
  const std::filesystem::path index = output() / "model.safetensors.index.json";
  json document = json::parse(io::read_text(index, 1000000));
  document["weight_map"].erase("model.zeros");
  io::write_text(index, document.dump(), false);
  EXPECT_THAT(mismatch().problem, HasSubstr("model.zeros"));
}

TEST_F(VerifyTest, WithoutAManifestThereIsNothingToVerify) {
  std::filesystem::remove(output() / "stockpot_manifest.json");
  comm::run_threads(2, [&](comm::Communicator& world) {
    try {
      verify_output(world, output(), 1, false);
      ADD_FAILURE() << "verified without a manifest";
    } catch (const comm::CollectiveError& failure) {
      EXPECT_EQ(failure.code(), ExitCode::input);
      EXPECT_THAT(failure.what(), HasSubstr("no stockpot_manifest.json"));
    }
  });
}

TEST_F(VerifyTest, AHostileManifestOpensNoOtherFile) {
  manifest_["tensors"]["model.zeros"]["file"] = "../../../etc/passwd";
  write_manifest();
  try {
    static_cast<void>(verify_here());
    FAIL() << "followed a path out of the folder";
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code(), ExitCode::input);
    EXPECT_THAT(failure.what(), HasSubstr("tensor 'model.zeros'"));
  }
}

}  // namespace
}  // namespace stockpot::report
