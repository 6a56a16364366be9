#include "stockpot/io/data_file.hpp"

#include <gmock/gmock.h>
#include <hdf5.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using ::testing::ElementsAre;
using testing::failure_of;
using testing::get;
using ::testing::HasSubstr;
using testing::put;
using Sizes = std::vector<hsize_t>;

/// Files made with the plain C API, as h5py makes them.
class DataFileTest : public ::testing::Test {
 protected:
  DataFileTest() { create(); }
  ~DataFileTest() override { close(); }

  [[nodiscard]] std::string path() const { return (folder_ / "data.h5").string(); }
  void create() {
    close();
    file_ = H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(file_, 0);
  }
  void close() {
    if (file_ >= 0) H5Fclose(file_);
    file_ = -1;
  }
  template <typename Value>
  void add(const char* name, hid_t type, hid_t memory, const Sizes& sizes, const std::vector<Value>& values,
           hid_t creation = H5P_DEFAULT) {
    const hid_t space = H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr);
    const hid_t set = H5Dcreate2(file_, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ASSERT_GE(set, 0) << name;
    if (!values.empty()) {
      ASSERT_GE(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    }
    H5Dclose(set);
    H5Sclose(space);
  }
  void add_x(const Sizes& sizes, const std::vector<double>& values, hid_t type = H5T_IEEE_F32LE) {
    add("x", type, H5T_NATIVE_DOUBLE, sizes, values);
  }
  void add_y(const Sizes& sizes, const std::vector<std::int64_t>& values, hid_t type = H5T_STD_I64LE) {
    add("y", type, H5T_NATIVE_INT64, sizes, values);
  }
  static hid_t half_type() {
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    return type;
  }
  void expect_refused(const std::string& object, const std::string& reason) {
    close();
    const auto failure = failure_of([&] {
      const DataFile file(path());
      std::vector<double> inputs(file.examples() * file.input_elements());
      std::vector<std::int64_t> labels(file.examples());
      file.read(0, inputs, labels);
    });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ExitCode::input);
    EXPECT_EQ(failure->subject.file, path());
    EXPECT_EQ(failure->subject.tensor, object);
    EXPECT_THAT(failure->message, HasSubstr(reason));
  }

  testing::TemporaryFolder folder_;
  hid_t file_ = -1;
};

TEST_F(DataFileTest, ReadsRangesOfExamples) {
  add_x({3, 2}, {1, 2, 3, 4, 5, 6});
  add_y({3}, {7, 8, 9});
  close();
  const DataFile file(path());
  EXPECT_EQ(file.path(), path());
  EXPECT_EQ(file.examples(), 3U);
  EXPECT_EQ(file.input_elements(), 2U);
  std::vector<double> inputs(4);
  std::vector<std::int64_t> labels(2);
  file.read(1, inputs, labels);
  EXPECT_THAT(inputs, ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(labels, ElementsAre(8, 9));
  file.read(0, std::span(inputs).first(2), std::span(labels).first(1));
  EXPECT_THAT(inputs, ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(labels, ElementsAre(7, 9));
  file.read(3, {}, {});
  EXPECT_THROW(file.read(2, inputs, labels), std::out_of_range);
  EXPECT_THROW(file.read(4, {}, {}), std::out_of_range);
  EXPECT_THROW(file.read(0, inputs, std::span(labels).first(1)), std::invalid_argument);
  EXPECT_THROW(file.read(0, std::span(inputs).first(3), std::span(labels).first(1)), std::invalid_argument);
}

TEST_F(DataFileTest, EveryFloatIsReadExactly) {
  const std::vector<double> values{1.0 / 3, 0x1p-24, -0.0, 65504, -0x1.8p-20, 2};
  const hid_t half = half_type();
  for (const hid_t type : {half, static_cast<hid_t>(H5T_IEEE_F32LE), static_cast<hid_t>(H5T_IEEE_F64LE)}) {
    create();
    add_x({2, 3}, values, type);
    add_y({2}, {0, 1});
    close();
    const DataFile file(path());
    std::vector<double> inputs(6);
    std::vector<std::int64_t> labels(2);
    file.read(0, inputs, labels);
    const double third = H5Tget_size(type) == 2   ? 0x1.554p-2
                         : H5Tget_size(type) == 4 ? static_cast<double>(1.0F / 3.0F)
                                                  : 1.0 / 3;
    EXPECT_THAT(inputs, ElementsAre(third, 0x1p-24, 0.0, 65504, -0x1.8p-20, 2));
    EXPECT_TRUE(std::signbit(inputs[2]));
  }
  H5Tclose(half);
}

TEST_F(DataFileTest, EveryIntegerIsALabel) {
  for (const hid_t type :
       {static_cast<hid_t>(H5T_STD_I8LE), static_cast<hid_t>(H5T_STD_U8LE), static_cast<hid_t>(H5T_STD_I16LE),
        static_cast<hid_t>(H5T_STD_U16LE), static_cast<hid_t>(H5T_STD_I32LE),
        static_cast<hid_t>(H5T_STD_U32LE), static_cast<hid_t>(H5T_STD_U64LE)}) {
    create();
    add_x({2, 1}, {1, 2});
    add_y({2}, {0, 127}, type);
    close();
    const DataFile file(path());
    std::vector<double> inputs(2);
    std::vector<std::int64_t> labels(2);
    file.read(0, inputs, labels);
    EXPECT_THAT(labels, ElementsAre(0, 127));
  }
}

TEST_F(DataFileTest, CompressedChunksAreRead) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const Sizes chunk{2, 2};
  H5Pset_chunk(creation, 2, chunk.data());
  H5Pset_deflate(creation, 6);
  std::vector<double> values(3000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 17);
  add("x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {1000, 3}, values, creation);
  H5Pclose(creation);
  add_y({1000}, std::vector<std::int64_t>(1000, 1));
  close();
  const DataFile file(path());
  std::vector<double> inputs(3000);
  std::vector<std::int64_t> labels(1000);
  file.read(0, inputs, labels);
  EXPECT_EQ(inputs, values);
}

TEST_F(DataFileTest, ExamplesBeyondOneBlockAreRead) {
  constexpr std::size_t width = 70000;  // two examples and more than the block that is held as stored
  std::vector<double> values(5 * width);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  add_x({5, width}, values, H5T_IEEE_F64LE);
  add_y({5}, {0, 1, 2, 3, 4});
  close();
  const DataFile file(path());
  std::vector<double> inputs(4 * width);
  std::vector<std::int64_t> labels(4);
  file.read(1, inputs, labels);
  EXPECT_TRUE(std::equal(inputs.begin(), inputs.end(), values.begin() + width));
}

TEST_F(DataFileTest, NoExamplesAreAFile) {
  add_x({0, 4}, {});
  add_y({0}, {});
  close();
  const DataFile file(path());
  EXPECT_EQ(file.examples(), 0U);
  EXPECT_EQ(file.input_elements(), 4U);
}

TEST_F(DataFileTest, ThreadsMayReadAtOnce) {
  add_x({64, 2}, std::vector<double>(128, 3));
  add_y({64}, std::vector<std::int64_t>(64, 1));
  close();
  const DataFile file(path());
  std::vector<double> inputs(128);
  std::vector<std::int64_t> labels(64);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      file.read(16 * t, std::span(inputs).subspan(32 * t, 32), std::span(labels).subspan(16 * t, 16));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(inputs, std::vector<double>(128, 3));
  EXPECT_EQ(labels, std::vector<std::int64_t>(64, 1));
}

TEST_F(DataFileTest, MissingObjectsAreRefused) {
  add_x({2, 1}, {1, 2});
  expect_refused("/y", "is missing");
}

TEST_F(DataFileTest, UnknownObjectsAreRefused) {
  add_x({2, 1}, {1, 2});
  add_y({2}, {0, 1});
  add("Y", H5T_STD_I8LE, H5T_NATIVE_INT64, {1}, std::vector<std::int64_t>{1});
  expect_refused("/Y", "/x and /y only");
}

TEST_F(DataFileTest, OtherRanksAreRefused) {
  add_x({2}, {1, 2});
  add_y({2}, {0, 1});
  expect_refused("/x", "shape [2]");
}

TEST_F(DataFileTest, OneHotLabelsAreRefused) {
  add_x({2, 1}, {1, 2});
  add_y({2, 1}, {0, 1});
  expect_refused("/y", "shape [2, 1]");
}

TEST_F(DataFileTest, LengthsThatDifferAreRefused) {
  add_x({2, 1}, {1, 2});
  add_y({3}, {0, 1, 2});
  expect_refused("/y", "3 labels, but /x has 2 examples");
}

TEST_F(DataFileTest, ExamplesOfNoValuesAreRefused) {
  add_x({2, 0}, {});
  add_y({2}, {0, 1});
  expect_refused("/x", "no values");
}

TEST_F(DataFileTest, IntegerInputsAreRefused) {
  add_x({2, 1}, {1, 2}, H5T_STD_I32LE);
  add_y({2}, {0, 1});
  expect_refused("/x", "type I32");
}

TEST_F(DataFileTest, FloatLabelsAreRefused) {
  add_x({2, 1}, {1, 2});
  add_y({2}, {0, 1}, H5T_IEEE_F64LE);
  expect_refused("/y", "labels are integers");
}

TEST_F(DataFileTest, BigEndianIsRefused) {
  add_x({2, 1}, {1, 2}, H5T_IEEE_F64BE);
  add_y({2}, {0, 1});
  expect_refused("/x", "big-endian");
}

TEST_F(DataFileTest, NansAreRefused) {
  add_x({3, 2}, {1, 2, 3, 4, 5, std::nan("")});
  add_y({3}, {0, 1, 2});
  expect_refused("/x", "example 2 holds NaN");
}

TEST_F(DataFileTest, InfinitiesAreRefused) {
  add_x({3, 2}, {1, 2, -std::numeric_limits<double>::infinity(), 4, 5, 6});
  add_y({3}, {0, 1, 2});
  expect_refused("/x", "example 1 holds an infinity");
}

TEST_F(DataFileTest, NegativeLabelsAreRefused) {
  add_x({3, 1}, {1, 2, 3});
  add_y({3}, {0, -1, 2});
  expect_refused("/y", "label -1 of example 1 is negative");
}

TEST_F(DataFileTest, GroupsAreRefused) {
  H5Gclose(H5Gcreate2(file_, "x", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  add_y({2}, {0, 1});
  expect_refused("/x", "is no dataset");
}

TEST_F(DataFileTest, LinksToOtherFilesAreRefused) {
  H5Lcreate_external("other.h5", "/x", file_, "x", H5P_DEFAULT, H5P_DEFAULT);
  add_y({2}, {0, 1});
  expect_refused("/x", "leaves the file");
}

TEST_F(DataFileTest, DataInOtherFilesAreRefused) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(creation, "elsewhere.bin", 0, 16);
  add("x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {2, 1}, std::vector<double>{}, creation);
  H5Pclose(creation);
  add_y({2}, {0, 1});
  expect_refused("/x", "in another file");
}

TEST_F(DataFileTest, ForeignAndMissingFilesAreRefused) {
  close();
  put(path(), "not HDF5");
  expect_refused("", "can't open this file");
  std::filesystem::remove(path());
  expect_refused("", "No such file");
}

TEST_F(DataFileTest, TruncatedFilesAreRefused) {
  add_x({200, 4}, std::vector<double>(800, 1));
  add_y({200}, std::vector<std::int64_t>(200, 1));
  close();
  put(path(), get(path()).substr(0, 3000));
  expect_refused("", "truncated");
}

}  // namespace
}  // namespace stockpot::io
