#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "stockpot/io/safetensors.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::failure_of;
using ::testing::HasSubstr;

SafetensorsHeader reparse(const SafetensorsLayout& layout) {
  return parse_safetensors_header(std::string_view(layout.header).substr(8), layout.file_bytes, "again");
}

TEST(CanonicalSafetensors, WritesExactlyTheseBytes) {
  const SafetensorsLayout layout = canonical_safetensors(
      {testing::tensor("l.10", DType::bf16, {2}), testing::tensor("l.2", DType::bf16, {1, 3}),
       testing::tensor("z", DType::f64, {}), testing::tensor("b", DType::boolean, {0})},
      {{"format", "pt"}, {"a\"", "\n"}});
  const std::string json =
      R"({"__metadata__":{"a\"":"\n","format":"pt"},"z":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
      R"("l.2":{"dtype":"BF16","shape":[1,3],"data_offsets":[8,14]},"l.10":{"dtype":"BF16","shape":[2],"data_offsets":[14,18]},)"
      R"("b":{"dtype":"BOOL","shape":[0],"data_offsets":[18,18]}})";
  const std::size_t padded = (json.size() + 7) / 8 * 8;
  std::string length(8, '\0');
  length[0] = static_cast<char>(padded % 256);
  length[1] = static_cast<char>(padded / 256);
  EXPECT_EQ(layout.header, length + json + std::string(padded - json.size(), ' '));
  EXPECT_EQ(layout.file_bytes, layout.header.size() + 18);
  EXPECT_EQ(layout.tensors.at(0).offset, layout.header.size());
  EXPECT_EQ(layout.tensors.at(2).name, "l.10");
}

TEST(CanonicalSafetensors, AnyTensorsRoundTripAlignedWhateverTheirOrder) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<TensorHeader> tensors;
    const std::size_t count = random() % 20;
    for (std::size_t i = 0; i < count; ++i) {
      Shape shape;
      for (std::uint64_t rank = random() % 4; rank > 0; --rank) shape.push_back(random() % 5);
      shape.push_back(8 * (random() % 3));
      tensors.push_back(testing::tensor(fmt::format("t\"\\/\x7f\xc3\xa9.{}", i),
                                        static_cast<DType>(random() % dtype_count), shape));
    }
    const SafetensorsLayout layout = canonical_safetensors(tensors, {{"k", "v"}});
    EXPECT_EQ(layout.header.size() % 8, 0U);
    std::shuffle(tensors.begin(), tensors.end(), random);
    EXPECT_EQ(canonical_safetensors(tensors, {{"k", "v"}}).header, layout.header);
    const SafetensorsHeader read = reparse(layout);
    ASSERT_EQ(read.tensors.size(), layout.tensors.size());
    for (const TensorHeader& written : layout.tensors) {
      const auto found = std::find_if(read.tensors.begin(), read.tensors.end(),
                                      [&](const TensorHeader& t) { return t.name == written.name; });
      ASSERT_NE(found, read.tensors.end());
      EXPECT_EQ(found->dtype, written.dtype);
      EXPECT_EQ(found->shape, written.shape);
      EXPECT_EQ(found->offset, written.offset);
      EXPECT_EQ(found->bytes, written.bytes);
      if (bytes(written.dtype) > 0) {
        EXPECT_EQ(written.offset % static_cast<std::uint64_t>(bytes(written.dtype)), 0U);
      }
    }
  }
}

TEST(CanonicalSafetensors, EmptyFileIsValid) {
  const SafetensorsLayout layout = canonical_safetensors({}, {});
  EXPECT_EQ(layout.file_bytes, 16U);
  EXPECT_TRUE(reparse(layout).tensors.empty());
}

TEST(CanonicalSafetensors, RefusesWhatTheFormatCanNotHold) {
  EXPECT_THAT(failure_of([] {
                canonical_safetensors(
                    {testing::tensor("a", DType::f32, {}), testing::tensor("a", DType::f32, {})}, {});
              })->message,
              HasSubstr("tensor 'a'"));
  EXPECT_TRUE(
      failure_of([] { canonical_safetensors({testing::tensor("__metadata__", DType::f32, {})}, {}); }));
  EXPECT_TRUE(failure_of([] { canonical_safetensors({testing::tensor("\xff", DType::f32, {})}, {}); }));
  EXPECT_TRUE(failure_of([] { canonical_safetensors({testing::tensor("a", DType::f4, {3})}, {}); }));
  EXPECT_TRUE(failure_of(
      [] { canonical_safetensors({testing::tensor("a", DType::f32, {std::uint64_t{1} << 62})}, {}); }));
  const Shape half{std::uint64_t{1} << 63};
  EXPECT_TRUE(failure_of([&] {
    canonical_safetensors({testing::tensor("a", DType::f4, half), testing::tensor("b", DType::f4, half)}, {});
  }));
}

}  // namespace
}  // namespace stockpot::io
