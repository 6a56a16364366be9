#include "stockpot/io/hdf5_state.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "stockpot/base/fault.hpp"
#include "stockpot/io/file.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::failure_of;
using testing::get;
using ::testing::HasSubstr;
using testing::put;

class Hdf5StateTest : public ::testing::Test {
 protected:
  /// Creates a file, fills every tensor with bytes made from its name, and gives what was created.
  Hdf5State make(const std::string& name, const std::vector<TensorHeader>& tensors,
                 const std::map<std::string, std::string>& metadata = {}) {
    Hdf5State state = create_hdf5_state(folder_ / name, tensors, metadata);
    const File file = File::open_to_write(folder_ / name);
    for (const TensorHeader& t : state.tensors) file.write_all(t.offset, testing::bytes_of(content_of(t)));
    return state;
  }
  static std::string content_of(const TensorHeader& t) {
    std::string content;
    while (content.size() < t.bytes) content += t.name + "#";
    return content.substr(0, static_cast<std::size_t>(t.bytes));
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Hdf5StateTest, EveryDtypeAndAwkwardShapesAndNamesRoundTrip) {
  std::vector<TensorHeader> tensors;
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    tensors.push_back(testing::tensor(fmt::format("type.{}", name(dtype)), dtype, {3, 8}));
    tensors.push_back(testing::tensor(fmt::format("none.{}", name(dtype)), dtype, {3, 0}));
    if (bytes(dtype) > 0)
      tensors.push_back(testing::tensor(fmt::format("scalar.{}", name(dtype)), dtype, {}));
  }
  for (const std::string& odd :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("/"),
        std::string("%"), std::string("%2F"), std::string("a%"), std::string("x\0y", 3),
        std::string("caf\xc3\xa9 \xf0\x9f\x98\x80"), std::string(1000, 'n')}) {
    tensors.push_back(testing::tensor(odd, DType::bf16, {2}));
  }
  tensors.push_back(testing::tensor("rank32", DType::f32, Shape(32, 1)));
  const std::map<std::string, std::string> metadata{
      {"format", "pt"}, {"", ""}, {"a/b%", "caf\xc3\xa9\n"}, {"long", std::string(100'000, 'x')}};
  make("s.h5", tensors, metadata);

  const Hdf5State read = read_hdf5_state(folder_ / "s.h5");
  EXPECT_EQ(read.metadata, metadata);
  ASSERT_EQ(read.tensors.size(), tensors.size());
  EXPECT_TRUE(std::is_sorted(read.tensors.begin(), read.tensors.end(),
                             [](const TensorHeader& a, const TensorHeader& b) { return a.name < b.name; }));
  const std::string bytes = get(folder_ / "s.h5");
  for (const TensorHeader& expected : tensors) {
    const auto found = std::find_if(read.tensors.begin(), read.tensors.end(),
                                    [&](const TensorHeader& t) { return t.name == expected.name; });
    ASSERT_NE(found, read.tensors.end()) << expected.name;
    EXPECT_EQ(name(found->dtype), name(expected.dtype)) << expected.name;
    EXPECT_EQ(found->shape, expected.shape) << expected.name;
    EXPECT_EQ(found->bytes, *tensor_bytes(expected.dtype, expected.shape)) << expected.name;
    EXPECT_EQ(bytes.substr(found->offset, found->bytes), content_of(*found)) << expected.name;
  }
}

TEST_F(Hdf5StateTest, NamesEscapeAsDocumentedAndBack) {
  EXPECT_EQ(escape_hdf5_name("a/b%2F"), "a%2Fb%252F");
  EXPECT_EQ(unescape_hdf5_name("a%2Fb%252F"), "a/b%2F");
  EXPECT_EQ(unescape_hdf5_name("100%x%2"), "100%x%2");
  EXPECT_EQ(escape_hdf5_name("model.layers.0.weight"), "model.layers.0.weight");
}

TEST_F(Hdf5StateTest, EqualContentGivesEqualBytes) {
  std::vector<TensorHeader> tensors;
  for (int i = 0; i < 100; ++i)
    tensors.push_back(testing::tensor(fmt::format("layer.{}", i), DType::bf16, {4, 4}));
  make("a.h5", tensors, {{"format", "pt"}, {"k", "v"}});
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  std::reverse(tensors.begin(), tensors.end());
  make("b.h5", tensors, {{"k", "v"}, {"format", "pt"}});
  EXPECT_EQ(get(folder_ / "a.h5"), get(folder_ / "b.h5"));
}

TEST_F(Hdf5StateTest, DataLiesInNaturalOrder) {
  const Hdf5State state =
      make("a.h5", {testing::tensor("l.10", DType::f32, {9}), testing::tensor("l.9", DType::f32, {9})});
  EXPECT_EQ(state.tensors.at(0).name, "l.10");
  EXPECT_GT(state.tensors.at(0).offset, state.tensors.at(1).offset);
}

TEST_F(Hdf5StateTest, CreatingReplacesAnOlderFileOnlyOnSuccess) {
  make("a.h5", {testing::tensor("old", DType::f32, {1})});
  EXPECT_TRUE(failure_of(
      [&] { create_hdf5_state(folder_ / "a.h5", {testing::tensor("x", DType::f32, Shape(33, 1))}, {}); }));
  set_fault_plan("rename:enospc");
  EXPECT_EQ(failure_of([&] {
              create_hdf5_state(folder_ / "a.h5", {testing::tensor("x", DType::f32, {1})}, {});
            })->code,
            ExitCode::system_io);
  set_fault_plan("");
  EXPECT_EQ(read_hdf5_state(folder_ / "a.h5").tensors.at(0).name, "old");
  create_hdf5_state(folder_ / "a.h5", {testing::tensor("new", DType::f32, {1})}, {});
  EXPECT_EQ(read_hdf5_state(folder_ / "a.h5").tensors.at(0).name, "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(Hdf5StateTest, CreationFailuresCarryTheLibrarysReason) {
  const auto failure = failure_of([&] { create_hdf5_state(folder_ / "missing/a.h5", {}, {}); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::system_io);
  EXPECT_THAT(failure->message, HasSubstr("HDF5 can't create this file: "));
  EXPECT_THAT(failure->message, HasSubstr("No such file or directory"));
  EXPECT_EQ(failure->message.find('\n'), std::string::npos);
  EXPECT_TRUE(failure_of([&] { create_hdf5_state(folder_ / "a.h5", {}, {{"k", std::string("\0", 1)}}); }));
  const auto twice = failure_of([&] {
    create_hdf5_state(folder_ / "a.h5",
                      {testing::tensor("t", DType::f32, {1}), testing::tensor("t", DType::f32, {1})}, {});
  });
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->subject.tensor, "t");
}

TEST_F(Hdf5StateTest, EveryTruncationIsRefused) {
  make("a.h5", {testing::tensor("a", DType::f32, {64}), testing::tensor("b", DType::bf16, {64})},
       {{"k", "v"}});
  const std::string whole = get(folder_ / "a.h5");
  for (std::size_t size = 0; size < whole.size(); size += size < 200 ? 1 : 37) {
    put(folder_ / "cut.h5", whole.substr(0, size));
    const auto failure = failure_of([&] { read_hdf5_state(folder_ / "cut.h5"); });
    ASSERT_TRUE(failure) << size;
    EXPECT_EQ(failure->code, ExitCode::input);
    EXPECT_EQ(failure->subject.file, (folder_ / "cut.h5").string());
  }
}

TEST_F(Hdf5StateTest, ForeignFilesAreRefused) {
  put(folder_ / "text.h5", "not HDF5 at all");
  std::filesystem::create_directory(folder_ / "folder.h5");
  for (const std::string name : {"text.h5", "folder.h5", "missing.h5"}) {
    EXPECT_EQ(failure_of([&] { read_hdf5_state(folder_ / name); })->code, ExitCode::input) << name;
  }
}

TEST_F(Hdf5StateTest, ThreadsMayReadAtOnce) {
  make("a.h5", {testing::tensor("a", DType::f32, {64})});
  std::vector<std::thread> threads;
  std::atomic<int> read{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) read += static_cast<int>(read_hdf5_state(folder_ / "a.h5").tensors.size());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read, 80);
}

TEST(Hdf5Version, HasThreeNumbers) {
  EXPECT_THAT(hdf5_version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace stockpot::io
