#include "stockpot/io/hf_index.hpp"

#include <gmock/gmock.h>

#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::failure_of;
using ::testing::HasSubstr;

std::string index_of(const std::string& file) {
  return R"({"metadata":{"total_size":4},"weight_map":{"t":")" + file + "\"}}";
}

TEST(HfIndex, ReadsTheWeightMapAndTheStatedSize) {
  const HfIndex index = parse_hf_index(
      R"({"metadata":{"total_size":1,"deep":[{"weight_map":{"x":"/etc/passwd"},"total_size":2}]},"weight_map":{"b":"m-1.safetensors","a":"m-2.safetensors"},"other":[1]})",
      "i");
  EXPECT_EQ(index.weight_map,
            (std::map<std::string, std::string>{{"a", "m-2.safetensors"}, {"b", "m-1.safetensors"}}));
  EXPECT_EQ(index.total_bytes, 1.0);
}

TEST(HfIndex, TheStatedSizeIsANumberOfTheMetadata) {
  const auto total = [](const std::string& members) {
    return parse_hf_index("{" + members + R"(,"weight_map":{}})", "i").total_bytes;
  };
  EXPECT_EQ(total(R"("metadata":{"total_size":2.5e9})"), 2.5e9);
  EXPECT_EQ(total(R"("metadata":{"total_size":-1})"), -1.0);
  for (const std::string members :
       {R"("metadata":{})", R"("metadata":{"total_size":"7"})", R"("metadata":{"total_size":null})",
        R"("metadata":{"total_size":[7]})", R"("metadata":{"total_size":{"total_size":7}})",
        R"("total_size":7)", R"("other":{"total_size":7})", R"("other":{"total_size":7},"metadata":[7])",
        R"("metadata":7)"}) {
    EXPECT_EQ(total(members), std::nullopt) << members;
  }
}

TEST(HfIndex, PathsOutOfTheFolderAreRefusedByName) {
  for (const std::string file :
       {"../m.safetensors", "/etc/m.safetensors", "a/m.safetensors", "..", ".", "", ".safetensors",
        ".m.safetensors", "a\\\\m.safetensors", "m.safetensors\\u0000", "m.bin", "m.safetensors/",
        "m\\n.safetensors", "m..safetensors"}) {
    const auto failure = failure_of([&] { parse_hf_index(index_of(file), "x.index.json"); });
    ASSERT_TRUE(failure) << file;
    EXPECT_EQ(failure->code, ExitCode::input);
    EXPECT_EQ(failure->subject.tensor, "t");
    EXPECT_THAT(failure->message, HasSubstr("x.index.json"));
  }
  EXPECT_FALSE(failure_of([] { parse_hf_index(index_of("model-00001-of-00002.safetensors"), "i"); }));
}

TEST(HfIndex, OtherShapesAreRefused) {
  for (const std::string json :
       {"", "[]", "1", "\"x\"", "null", "{}", R"({"metadata":{}})", R"({"weight_map":[]})",
        R"({"weight_map":null})", R"({"weight_map":"a.safetensors"})", R"({"weight_map":3})",
        R"({"weight_map":{"a":1}})", R"({"weight_map":{"a":null}})",
        R"({"weight_map":{"a":["m.safetensors"]}})", R"({"weight_map":{"a":{}}})",
        R"({"weight_map":{"a":"m.safetensors","a":"m.safetensors"}})", R"({"weight_map":{},"weight_map":{}})",
        R"({"weight_map":{}} x)", "\xEF\xBB\xBF{\"weight_map\":{}}"}) {
    const auto failure = failure_of([&] { parse_hf_index(json, "i"); });
    ASSERT_TRUE(failure) << json;
    EXPECT_EQ(failure->code, ExitCode::input);
  }
}

TEST(HfIndex, WritesWhatTransformersWrites) {
  // json.dumps(index, indent=2, sort_keys=True) + "\n"
  const std::string expected =
      "{\n  \"metadata\": {\n    \"total_parameters\": 7,\n    \"total_size\": 14\n  },\n  \"weight_map\": "
      "{\n"
      "    \"a\\u00e9\": \"model-00001-of-00002.safetensors\",\n    \"b\": "
      "\"model-00002-of-00002.safetensors\"\n  }\n}\n";
  const std::map<std::string, std::string> map{{"a\xc3\xa9", shard_name(0, 2)}, {"b", shard_name(1, 2)}};
  EXPECT_EQ(hf_index_text(map, 14, 7), expected);
  EXPECT_EQ(parse_hf_index(expected, "i").weight_map, map);
}

TEST(HfIndex, ShardNamesCountFromOne) {
  EXPECT_EQ(shard_name(0, 1), "model.safetensors");
  EXPECT_EQ(shard_name(1, 7), "model-00002-of-00007.safetensors");
  EXPECT_EQ(shard_name(99'999, 100'000), "model-100000-of-100000.safetensors");
}

}  // namespace
}  // namespace stockpot::io
