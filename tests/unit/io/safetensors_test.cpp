#include "stockpot/io/safetensors.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cctype>
#include <ctime>
#include <ostream>

#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::failure_of;
using ::testing::HasSubstr;

SafetensorsHeader parse(const std::string& json, std::uint64_t data_bytes) {
  return parse_safetensors_header(json, 8 + json.size() + data_bytes, "m.safetensors");
}

struct Case {
  std::string title;
  std::string json;
  std::uint64_t data_bytes;
  std::string reason = {};  ///< part of the message of a refusal
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.title;
}

std::string case_name(const ::testing::TestParamInfo<Case>& test) {
  std::string name = test.param.title;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

std::string nested_lists(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}
std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return fmt::format(R"({{"a":{{"dtype":{},"shape":{},"data_offsets":{}}}}})", dtype, shape, offsets);
}
std::string f32(const std::string& shape, const std::string& offsets) {
  return entry(R"("F32")", shape, offsets);
}
std::string with_metadata(const std::string& value) {
  return fmt::format(R"({{"__metadata__":{},"a":{{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}}})", value);
}
std::string with_field(const std::string& value) {
  return fmt::format(R"({{"a":{{"dtype":"U8","shape":[1],"data_offsets":[0,1],"extra":{}}}}})", value);
}

class Accepted : public ::testing::TestWithParam<Case> {};
TEST_P(Accepted, Parses) {
  const auto failure = failure_of([&] { parse(GetParam().json, GetParam().data_bytes); });
  EXPECT_FALSE(failure) << failure->message;
}
INSTANTIATE_TEST_SUITE_P(
    Headers, Accepted,
    ::testing::Values(
        Case{"no tensor", "{}", 0}, Case{"leading and trailing white space", " \n\t\r{} \n  ", 0},
        Case{"metadata alone", R"({"__metadata__":{}})", 0}, Case{"null metadata", with_metadata("null"), 1},
        Case{"scalar", f32("[]", "[0,4]"), 4}, Case{"zero dimension", f32("[3,0]", "[0,0]"), 0},
        Case{"overflow after a zero", f32("[0,9223372036854775808,4]", "[0,0]"), 0},
        Case{"rank 64", f32("[" + fmt::format("{}", fmt::join(std::vector<int>(64, 1), ",")) + "]", "[0,4]"),
             4},
        Case{"packed type that fills bytes", entry(R"("F4")", "[4]", "[0,2]"), 2},
        Case{"six-bit type that fills bytes", entry(R"("F6_E2M3")", "[2,2]", "[0,3]"), 3},
        Case{"empty name", R"({"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1},
        Case{"name like a path", R"({"../x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1},
        Case{"name with escaped NUL", R"({"\u0000":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1},
        Case{"surrogate pair", R"({"\ud83d\ude00":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1},
        Case{"unaligned tensor",
             R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},)"
             R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
             5},
        Case{
            "empty tensors at every boundary",
            R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
            R"("c":{"dtype":"F32","shape":[0,7],"data_offsets":[2,2]},"d":{"dtype":"F32","shape":[0],"data_offsets":[2,2]}})",
            2},
        Case{"unknown scalar field", with_field("1.5e3"), 1},
        Case{"unknown null field", with_field("null"), 1},
        Case{"unknown nested field", with_field(R"({"dtype":[{"shape":[1,"x",{}]}]})"), 1},
        Case{"unknown field nested to the limit", with_field(nested_lists(62)), 1}),
    case_name);

class Refused : public ::testing::TestWithParam<Case> {};
TEST_P(Refused, NamesFileAndReason) {
  const auto failure = failure_of([&] { parse(GetParam().json, GetParam().data_bytes); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::input);
  EXPECT_EQ(failure->subject.file, "m.safetensors");
  EXPECT_THAT(failure->message, HasSubstr(GetParam().reason));
  EXPECT_EQ(failure->message.find('\n'), std::string::npos);
}
const std::string good = f32("[1]", "[0,4]");
INSTANTIATE_TEST_SUITE_P(
    Syntax, Refused,
    ::testing::Values(Case{"empty", "", 0, "not valid JSON"},
                      Case{"byte order mark", "\xEF\xBB\xBF{}", 0, "byte order mark"},
                      Case{"comment", "{/* */}", 0, "not valid JSON"},
                      Case{"trailing NUL", std::string("{}\0", 3), 0, "NUL"},
                      Case{"trailing text", "{}x", 0, "not valid JSON"},
                      Case{"second document", "{}{}", 0, "not valid JSON"},
                      Case{"trailing comma", "{\"__metadata__\":{},}", 0, "not valid JSON"},
                      Case{"cut", "{\"a\":", 0, "not valid JSON"},
                      Case{"lone high surrogate", R"({"\ud83d":null})", 0, "not valid JSON"},
                      Case{"lone low surrogate", R"({"\ude00":null})", 0, "not valid JSON"},
                      Case{"bytes that are not UTF-8", "{\"\xff\":null}", 0, "not valid JSON"},
                      Case{"overlong UTF-8", "{\"\xc0\xaf\":null}", 0, "not valid JSON"},
                      Case{"raw control character", "{\"\x01\":null}", 0, "not valid JSON"},
                      Case{"array", "[]", 0, "JSON object"}, Case{"string", "\"a\"", 0, "JSON object"},
                      Case{"number", "1", 0, "JSON object"}, Case{"null", "null", 0, "JSON object"},
                      Case{"deep array in a field", with_field(nested_lists(63)), 1, "deeper"},
                      Case{"bomb of arrays", with_field(std::string(1 << 20, '[')), 1, "deeper"},
                      Case{"bomb of objects", with_field([] {
                             std::string text;
                             for (int i = 0; i < 100000; ++i) text += "{\"a\":";
                             return text;
                           }()),
                           1, "deeper"}),
    case_name);
INSTANTIATE_TEST_SUITE_P(
    Members, Refused,
    ::testing::Values(
        Case{"tensor as array", R"({"a":["F32",[1],[0,4]]})", 4, "tensor 'a': "},
        Case{"tensor as null", R"({"a":null})", 0, "tensor 'a': "},
        Case{"tensor as number", R"({"a":1})", 0, "tensor 'a': "},
        Case{"tensor as string", R"({"a":"F32"})", 0, "tensor 'a': "},
        Case{"tensor twice",
             R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
             R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
             1, "'a' stands twice"},
        Case{"tensor twice, once escaped",
             R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
             R"("\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
             1, "'a' stands twice"},
        Case{"dtype twice", R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
             "tensor 'a': key 'dtype'"},
        Case{"unknown field twice", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1,"x":1}})", 1,
             "'x' stands twice"},
        Case{"key twice inside an unknown field", with_field(R"({"k":1,"k":2})"), 1, "'k' stands twice"},
        Case{"metadata twice", R"({"__metadata__":{},"__metadata__":{}})", 0, "'__metadata__' stands twice"},
        Case{"metadata key twice", with_metadata(R"({"k":"1","k":"2"})"), 1, "'k' stands twice"},
        Case{"metadata number", with_metadata(R"({"k":1})"), 1, "'k' must be a string"},
        Case{"metadata null value", with_metadata(R"({"k":null})"), 1, "'k' must be a string"},
        Case{"metadata list", with_metadata(R"({"k":[]})"), 1, "'k' must be a string"},
        Case{"metadata object", with_metadata(R"({"k":{}})"), 1, "'k' must be a string"},
        Case{"metadata as string", with_metadata(R"("k")"), 1, "__metadata__ must be"},
        Case{"metadata as list", with_metadata("[]"), 1, "__metadata__ must be"},
        Case{"metadata as true", with_metadata("true"), 1, "__metadata__ must be"},
        Case{"no dtype", R"({"a":{"shape":[1],"data_offsets":[0,4]}})", 4,
             "tensor 'a': safetensors header: dtype is missing"},
        Case{"no shape", R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4, "shape is missing"},
        Case{"no offsets", R"({"a":{"dtype":"F32","shape":[1]}})", 4, "data_offsets is missing"},
        Case{"unknown dtype", entry(R"("I4")", "[2]", "[0,1]"), 1, "unknown dtype 'I4'"},
        Case{"lower-case dtype", entry(R"("f32")", "[1]", "[0,4]"), 4, "unknown dtype 'f32'"},
        Case{"dtype as object", entry(R"({"F32":null})", "[1]", "[0,4]"), 4, "dtype must be"},
        Case{"dtype as null", entry("null", "[1]", "[0,4]"), 4, "dtype must be"}),
    case_name);
INSTANTIATE_TEST_SUITE_P(
    Numbers, Refused,
    ::testing::Values(
        Case{"float dimension", f32("[1.0]", "[0,4]"), 4, "dimension"},
        Case{"exponent", f32("[1e0]", "[0,4]"), 4, "dimension"},
        Case{"minus zero", f32("[-0]", "[0,0]"), 0, "dimension"},
        Case{"negative", f32("[-1]", "[0,4]"), 4, "dimension"},
        Case{"leading zero", f32("[01]", "[0,4]"), 4, "not valid JSON"},
        Case{"plus", f32("[+1]", "[0,4]"), 4, "not valid JSON"},
        Case{"2^64", f32("[18446744073709551616]", "[0,4]"), 4, "dimension"},
        Case{"string dimension", f32(R"(["1"])", "[0,4]"), 4, "dimension"},
        Case{"nested", f32("[[1]]", "[0,4]"), 4, "dimension"},
        Case{"null dimension", f32("[null]", "[0,4]"), 4, "dimension"},
        Case{"shape as number", f32("1", "[0,4]"), 4, "shape must"},
        Case{"shape as object", f32("{}", "[0,4]"), 4, "shape must"},
        Case{"shape as null", f32("null", "[0,4]"), 4, "shape must"},
        Case{"rank 65", f32("[" + fmt::format("{}", fmt::join(std::vector<int>(65, 1), ",")) + "]", "[0,4]"),
             4, "more than 64"},
        Case{"one offset", f32("[1]", "[0]"), 4, "two numbers"},
        Case{"no offsets in the list", f32("[1]", "[]"), 4, "two numbers"},
        Case{"three offsets", f32("[1]", "[0,4,8]"), 4, "more than two"},
        Case{"offsets as number", f32("[1]", "4"), 4, "data_offsets"},
        Case{"float offset", f32("[1]", "[0,4.0]"), 4, "data_offsets"},
        Case{"negative offset", f32("[1]", "[-4,0]"), 4, "data_offsets"},
        Case{"offset 2^64", f32("[1]", "[0,18446744073709551616]"), 4, "data_offsets"},
        Case{"string offset", f32("[1]", R"([0,"4"])"), 4, "data_offsets"}),
    case_name);
INSTANTIATE_TEST_SUITE_P(
    Layout, Refused,
    ::testing::Values(
        Case{"too few data", good, 3, "tensor 'a': data_offsets [0, 4) end beyond the file's 3"},
        Case{"rest behind", good, 5, "the file has 5 data bytes"},
        Case{"data without tensors", "{}", 1, "1 data bytes"},
        Case{"end before begin", f32("[1]", "[4,0]"), 4, "end before they begin"},
        Case{"hole at the start", f32("[1]", "[1,5]"), 5, "hole"},
        Case{
            "hole between",
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
            3, "tensor 'b': data_offsets [2, 3) leave a hole"},
        Case{
            "overlap",
            R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
            3, "tensor 'b': data_offsets [1, 3) overlap"},
        Case{
            "same bytes twice",
            R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
            2, "overlap"},
        Case{
            "empty tensor inside another",
            R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}})",
            2, "tensor 'b'"},
        Case{"size differs from shape", f32("[2]", "[0,4]"), 4, "F32[2] needs 8 bytes"},
        Case{"product overflows", f32("[9223372036854775808,4,0]", "[0,0]"), 0, "overflows"},
        Case{"bits overflow", f32("[2305843009213693952]", "[0,0]"), 0, "overflows"},
        Case{"offsets wrap around", f32("[1]", "[18446744073709551612,0]"), 4, "before"},
        Case{"packed type does not fill bytes", entry(R"("F4")", "[3]", "[0,2]"), 2,
             "does not fill whole bytes"}),
    case_name);

TEST(SafetensorsHeader, GivesTensorsInOrderOfOffsetWithAbsoluteOffsets) {
  const std::string json =
      R"({"b":{"dtype":"BF16","shape":[1,2],"data_offsets":[3,7]},"__metadata__":{"format":"pt"},)"
      R"("a":{"data_offsets":[0,3],"shape":[3],"dtype":"U8"}} )";
  const SafetensorsHeader header = parse(json, 7);
  ASSERT_EQ(header.tensors.size(), 2U);
  EXPECT_EQ(header.tensors[0].name, "a");
  EXPECT_EQ(header.tensors[0].offset, 8 + json.size());
  EXPECT_EQ(header.tensors[1].name, "b");
  EXPECT_EQ(header.tensors[1].dtype, DType::bf16);
  EXPECT_EQ(header.tensors[1].shape, (Shape{1, 2}));
  EXPECT_EQ(header.tensors[1].offset, 8 + json.size() + 3);
  EXPECT_EQ(header.tensors[1].bytes, 4U);
  EXPECT_EQ(header.metadata, (std::map<std::string, std::string>{{"format", "pt"}}));
  EXPECT_TRUE(header.warnings.empty());
}

TEST(SafetensorsHeader, ReadsEveryDtypeOfTheFormat) {
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    const std::uint64_t bytes = *tensor_bytes(dtype, {8});
    const std::string json = entry(fmt::format("\"{}\"", name(dtype)), "[8]", fmt::format("[0,{}]", bytes));
    EXPECT_EQ(parse(json, bytes).tensors.at(0).dtype, dtype);
  }
}

TEST(SafetensorsHeader, WarnsOfUnknownFieldsAndBoundsTheWarnings) {
  const SafetensorsHeader one = parse(with_field("[1,{}]"), 1);
  ASSERT_EQ(one.warnings.size(), 1U);
  EXPECT_THAT(one.warnings[0], HasSubstr("tensor 'a': unknown field 'extra'"));
  std::string fields;
  for (int i = 0; i < 1000; ++i) fields += fmt::format(",\"x{}\":0", i);
  const SafetensorsHeader many =
      parse(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1])" + fields + "}}", 1);
  EXPECT_EQ(many.warnings.size(), 21U);
  EXPECT_THAT(many.warnings.back(), HasSubstr("980 more"));
}

TEST(SafetensorsHeader, HostileNamesAreEscapedInMessages) {
  const auto failure = failure_of([] { parse("{\"\\n\\u001b[2J\":{}}", 0); });
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->message, HasSubstr(R"('\x0a\x1b[2J')"));
  EXPECT_EQ(failure->message.find('\x1b'), std::string::npos);
}

TEST(SafetensorsHeader, ManyTensorsParseQuickly) {
  std::vector<TensorHeader> tensors(100'000);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].name = fmt::format("model.layers.{}.mlp.experts.{}.down_proj.weight", i / 300, i % 300);
    tensors[i].dtype = DType::bf16;
    tensors[i].shape = {4096, 11008};
  }
  const SafetensorsLayout layout = canonical_safetensors(tensors, {});
  const std::clock_t start = std::clock();
  const SafetensorsHeader header = parse_safetensors_header(std::string_view(layout.header).substr(8),
                                                            layout.file_bytes, "big.safetensors");
  const double processor_seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_EQ(header.tensors.size(), tensors.size());
  RecordProperty("processor_seconds", fmt::format("{:.3f}", processor_seconds));
  EXPECT_LT(processor_seconds, 15.0) << "quadratic?";  // 0.2 s where it was written; sanitizers take tenfold
}

class SafetensorsFileTest : public ::testing::Test {
 protected:
  std::optional<testing::Failure> failure_of_file(const std::string& content) {
    testing::put(folder_ / "m.safetensors", content);
    return failure_of([&] { read_safetensors_header(File::open_to_read(folder_ / "m.safetensors")); });
  }
  static std::string length(std::uint64_t value) {
    std::string bytes;
    for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
    return bytes;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(SafetensorsFileTest, LengthThatDoesNotFitTheFileIsRefusedBeforeAllocation) {
  EXPECT_THAT(failure_of_file("")->message, HasSubstr("it has 0 bytes"));
  EXPECT_THAT(failure_of_file("1234567")->message, HasSubstr("it has 7 bytes"));
  EXPECT_THAT(failure_of_file(length(3) + "{}")->message, HasSubstr("truncated"));
  EXPECT_THAT(failure_of_file(length(100'000'000) + "{}")->message, HasSubstr("truncated"));
  EXPECT_THAT(failure_of_file(length(100'000'001) + "{}")->message, HasSubstr("100000000 are allowed"));
  EXPECT_THAT(failure_of_file(length(~std::uint64_t{0}) + "{}")->message, HasSubstr("are allowed"));
  EXPECT_TRUE(failure_of_file(length(0)));
  EXPECT_FALSE(failure_of_file(length(2) + "{}"));
}

TEST_F(SafetensorsFileTest, EveryTruncationIsRefused) {
  TensorHeader tensor;
  tensor.name = "a";
  tensor.shape = {3};
  const SafetensorsLayout layout = canonical_safetensors({tensor}, {{"format", "pt"}});
  const std::string whole = layout.header + std::string(12, 'x');
  EXPECT_FALSE(failure_of_file(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto failure = failure_of_file(whole.substr(0, size));
    ASSERT_TRUE(failure) << size;
    EXPECT_EQ(failure->code, ExitCode::input);
  }
}

}  // namespace
}  // namespace stockpot::io
