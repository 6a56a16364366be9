#include "report/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report_fixture.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/io/output_folder.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json small_manifest() {
  return {{"format_version", 1},
          {"stockpot", "1.2.3"},
          {"recipe_digest", "0123"},
          {"seed", 18446744073709551615U},
          {"method", "linear"},
          {"tensors",
           {{"w",
             {{"dtype", "BF16"},
              {"shape", {2, 3}},
              {"file", "model.safetensors"},
              {"digest", "00112233445566778899aabbccddeeff"}}}}}};
}

/// The error that `text` is refused with.
std::string refusal(const std::string& text) {
  try {
    parse_manifest(text, "out/manifest.json");
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code(), ExitCode::input);
    EXPECT_THAT(failure.what(), HasSubstr("out/manifest.json"));
    EXPECT_EQ(std::string(failure.what()).find('\n'), std::string::npos);
    return failure.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return {};
}

std::string refusal(const char* pointer, const json& value) {
  json manifest = small_manifest();
  manifest[json::json_pointer(pointer)] = value;
  return refusal(manifest.dump());
}

TEST(Manifest, ReadsWhatAMergeWrites) {
  json text = small_manifest();
  text["diagnostics"] = {{"w", {{"t", 0.5}}}};
  const Manifest manifest = parse_manifest(text.dump(), "m");
  EXPECT_EQ(manifest.origin.stockpot, "1.2.3");
  EXPECT_EQ(manifest.origin.method, "linear");
  EXPECT_EQ(manifest.origin.recipe_digest, "0123");
  EXPECT_EQ(manifest.origin.seed, 18446744073709551615U);
  ASSERT_EQ(manifest.tensors.size(), 1U);
  const ManifestTensor& tensor = manifest.tensors.at("w");
  EXPECT_EQ(tensor.dtype, DType::bf16);
  EXPECT_EQ(tensor.shape, (Shape{2, 3}));
  EXPECT_EQ(tensor.file, "model.safetensors");
  EXPECT_EQ(tensor.digest.hex(), "00112233445566778899aabbccddeeff");
}

TEST(Manifest, NoFileNameLeadsOutOfTheFolder) {
  for (const char* name : {"../model.safetensors", "/etc/passwd", "a/b.safetensors", "..", ".", ".hidden", "",
                           "a\\b.safetensors", "a\nb.safetensors", "a\x7f"}) {
    EXPECT_THAT(refusal("/tensors/w/file", name), HasSubstr("tensor 'w': manifest: file")) << name;
  }
  EXPECT_THAT(refusal("/tensors/w/file", std::string(256, 'a')), HasSubstr("no plain name"));
}

TEST(Manifest, RefusesMembersOfTheWrongKind) {
  EXPECT_THAT(refusal("/format_version", 2), HasSubstr("format_version is 2"));
  EXPECT_THAT(refusal("/format_version", "1"), HasSubstr("natural number"));
  EXPECT_THAT(refusal("/seed", -1), HasSubstr("'seed'"));
  EXPECT_THAT(refusal("/method", 3), HasSubstr("'method'"));
  EXPECT_THAT(refusal("/tensors", json::array()), HasSubstr("'tensors' must be an object"));
  EXPECT_THAT(refusal("/tensors/w", nullptr), HasSubstr("must be an object"));
  EXPECT_THAT(refusal("/tensors/w/dtype", "bf16"), HasSubstr("dtype 'bf16'"));
  EXPECT_THAT(refusal("/tensors/w/shape", 6), HasSubstr("'shape' must be an array"));
  EXPECT_THAT(refusal("/tensors/w/shape", {2, -3}), HasSubstr("natural numbers"));
  EXPECT_THAT(refusal("/tensors/w/shape", {2, 1.5}), HasSubstr("natural numbers"));
  EXPECT_THAT(refusal("/tensors/w/digest", "00112233"), HasSubstr("digest '00112233'"));
  EXPECT_THAT(refusal("/tensors/w/digest", std::string(32, 'g')), HasSubstr("32 hexadecimal"));
}

TEST(Manifest, RefusesMissingMembers) {
  for (const char* key : {"format_version", "stockpot", "recipe_digest", "seed", "method", "tensors"}) {
    json manifest = small_manifest();
    manifest.erase(key);
    EXPECT_THAT(refusal(manifest.dump()), HasSubstr("'" + std::string(key) + "' is missing"));
  }
  for (const char* key : {"dtype", "shape", "file", "digest"}) {
    json manifest = small_manifest();
    manifest["tensors"]["w"].erase(key);
    EXPECT_THAT(refusal(manifest.dump()), HasSubstr("tensor 'w'"));
  }
}

TEST(Manifest, RefusesWhatIsNoJsonObject) {
  EXPECT_THAT(refusal(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(refusal("{\"a\": 1"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(small_manifest().dump() + "x"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refusal(small_manifest().dump() + std::string(1, '\0')), HasSubstr("NUL"));
  EXPECT_THAT(refusal("{\"a\": \"\xff\"}"), HasSubstr("not valid JSON"));
}

TEST(Manifest, RefusesAKeyThatStandsTwice) {
  std::string text = small_manifest().dump();
  text.insert(1, R"("seed":1,)");
  EXPECT_THAT(refusal(text), HasSubstr("key 'seed' stands twice"));
  // Equal keys of different objects are no matter.
  json nested = small_manifest();
  nested["diagnostics"] = {{"a", {{"x", 1}}}, {"b", {{"x", 1}}}};
  EXPECT_EQ(parse_manifest(nested.dump(), "m").tensors.size(), 1U);
}

TEST(Manifest, RefusesBottomlessNesting) {
  std::string text(100000, '[');
  EXPECT_THAT(refusal(text), HasSubstr("nested too deeply"));
}

TEST(Manifest, AFolderWithoutOneIsNamed) {
  const test::TemporaryFolder folder;
  try {
    read_manifest(folder.path());
    FAIL() << "found a manifest in an empty folder";
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code(), ExitCode::input);
    EXPECT_THAT(failure.what(), HasSubstr(folder.path().string()));
    EXPECT_THAT(failure.what(), HasSubstr("stockpot_manifest.json"));
  }
}

}  // namespace
}  // namespace stockpot::report
