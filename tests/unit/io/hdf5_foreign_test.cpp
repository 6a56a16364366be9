#include <gmock/gmock.h>
#include <hdf5.h>

#include <array>

#include "stockpot/io/hdf5_state.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::failure_of;
using testing::get;
using ::testing::HasSubstr;

/// Files that other programs write, made with the plain C API.
class Hdf5ForeignTest : public ::testing::Test {
 protected:
  Hdf5ForeignTest() { open(H5P_DEFAULT); }
  ~Hdf5ForeignTest() override {
    if (file_ >= 0) H5Fclose(file_);
  }
  void open(hid_t creation) {
    if (file_ >= 0) H5Fclose(file_);
    file_ = H5Fcreate(path().c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    ASSERT_GE(file_, 0);
  }
  [[nodiscard]] std::string path() const { return (folder_ / "f.h5").string(); }
  /// Two elements named `name`, written unless `data` is null.
  void add(const char* name, hid_t type, const void* data, hid_t creation = H5P_DEFAULT) {
    const hsize_t two = 2;
    const hid_t space = H5Screate_simple(1, &two, nullptr);
    const hid_t set = H5Dcreate2(file_, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ASSERT_GE(set, 0) << name;
    if (data != nullptr) {
      ASSERT_GE(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
    }
    H5Dclose(set);
    H5Sclose(space);
  }
  void add_string_attribute(const char* object, const char* name, const std::string& value) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, value.size() + 1);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute =
        H5Acreate_by_name(file_, object, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(H5Awrite(attribute, type, value.c_str()), 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
  }
  Hdf5State read() {
    H5Fclose(file_);
    file_ = -1;
    return read_hdf5_state(path());
  }
  void expect_refused(const std::string& tensor, const std::string& reason) {
    const auto failure = failure_of([&] { read(); });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ExitCode::input);
    EXPECT_EQ(failure->subject.tensor, tensor);
    EXPECT_THAT(failure->message, HasSubstr(reason));
  }

  testing::TemporaryFolder folder_;
  hid_t file_ = -1;
  std::array<float, 2> values_{1.5F, -2.0F};
  std::string bytes_{"\x00\x00\xc0\x3f\x00\x00\x00\xc0", 8};
};

TEST_F(Hdf5ForeignTest, OffsetsLeadToTheWrittenBytes) {
  add("w", H5T_IEEE_F32LE, values_.data());
  const TensorHeader tensor = read().tensors.at(0);
  EXPECT_EQ(tensor.dtype, DType::f32);
  EXPECT_EQ(get(path()).substr(tensor.offset, tensor.bytes), bytes_);
}

TEST_F(Hdf5ForeignTest, OffsetsCountTheUserBlock) {
  const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(creation, 1024);
  open(creation);
  H5Pclose(creation);
  add("w", H5T_IEEE_F32LE, values_.data());
  const TensorHeader tensor = read().tensors.at(0);
  EXPECT_EQ(get(path()).substr(tensor.offset, tensor.bytes), bytes_);
}

TEST_F(Hdf5ForeignTest, HardAndSoftLinksAreTiedTensors) {
  add("w", H5T_IEEE_F32LE, values_.data());
  ASSERT_GE(H5Lcreate_hard(file_, "w", file_, "tied", H5P_DEFAULT, H5P_DEFAULT), 0);
  ASSERT_GE(H5Lcreate_soft("/w", file_, "soft", H5P_DEFAULT, H5P_DEFAULT), 0);
  const Hdf5State state = read();
  ASSERT_EQ(state.tensors.size(), 3U);
  EXPECT_EQ(state.tensors[0].name, "soft");
  EXPECT_EQ(state.tensors[0].offset, state.tensors[1].offset);
  EXPECT_EQ(state.tensors[1].offset, state.tensors[2].offset);
}

TEST_F(Hdf5ForeignTest, ReadsTheBooleansAndComplexNumbersOfH5py) {
  const hid_t boolean = H5Tenum_create(H5T_STD_I8LE);
  std::int8_t value = 0;
  H5Tenum_insert(boolean, "FALSE", &value);
  value = 1;
  H5Tenum_insert(boolean, "TRUE", &value);
  const std::array<std::int8_t, 2> booleans{1, 0};
  add("b", boolean, booleans.data());
  const hid_t complex = H5Tcreate(H5T_COMPOUND, 8);
  H5Tinsert(complex, "r", 0, H5T_IEEE_F32LE);
  H5Tinsert(complex, "i", 4, H5T_IEEE_F32LE);
  const std::array<float, 4> numbers{1, 2, 3, 4};
  add("c", complex, numbers.data());
  H5Tclose(boolean);
  H5Tclose(complex);
  const Hdf5State state = read();
  EXPECT_EQ(state.tensors.at(0).dtype, DType::boolean);
  EXPECT_EQ(state.tensors.at(1).dtype, DType::c64);
}

TEST_F(Hdf5ForeignTest, ReadsVariableStringsAndSkipsOtherAttributes) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  const hid_t space = H5Screate(H5S_SCALAR);
  const char* text = "pt";
  hid_t attribute = H5Acreate2(file_, "format", type, space, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(H5Awrite(attribute, type, &text), 0);
  H5Aclose(attribute);
  attribute = H5Acreate2(file_, "never_written", type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Aclose(attribute);
  attribute = H5Acreate2(file_, "number", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
  EXPECT_EQ(read().metadata, (std::map<std::string, std::string>{{"format", "pt"}, {"never_written", ""}}));
}

TEST_F(Hdf5ForeignTest, GroupsAreRefused) {
  H5Gclose(H5Gcreate2(file_, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  expect_refused("group", "is a group");
}

TEST_F(Hdf5ForeignTest, NamedTypesAreRefused) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tcommit2(file_, "type", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Tclose(type);
  expect_refused("type", "is no dataset");
}

TEST_F(Hdf5ForeignTest, LinksThatLeaveTheFileAreRefused) {
  ASSERT_GE(H5Lcreate_external("other.h5", "/w", file_, "out", H5P_DEFAULT, H5P_DEFAULT), 0);
  expect_refused("out", "leaves the file");
}

TEST_F(Hdf5ForeignTest, SoftLinksThroughExternalOnesAreRefused) {
  const hid_t other = H5Fcreate((folder_ / "other.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t mine = std::exchange(file_, other);
  add("w", H5T_IEEE_F32LE, values_.data());
  H5Fclose(std::exchange(file_, mine));
  ASSERT_GE(H5Lcreate_external("other.h5", "/", file_, "z", H5P_DEFAULT, H5P_DEFAULT), 0);
  ASSERT_GE(H5Lcreate_soft("/z/w", file_, "a", H5P_DEFAULT, H5P_DEFAULT), 0);
  const auto failure = failure_of([&] { read(); });
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->message, HasSubstr("leaves the file"));
}

TEST_F(Hdf5ForeignTest, DanglingAndCyclicLinksAreRefused) {
  ASSERT_GE(H5Lcreate_soft("/nothing", file_, "dangling", H5P_DEFAULT, H5P_DEFAULT), 0);
  expect_refused("dangling", "HDF5 can't open the object");
  open(H5P_DEFAULT);
  ASSERT_GE(H5Lcreate_soft("/loop", file_, "loop", H5P_DEFAULT, H5P_DEFAULT), 0);
  expect_refused("loop", "HDF5 can't open the object");
}

TEST_F(Hdf5ForeignTest, ChunkedCompactAndExternalStorageAreRefused) {
  const hsize_t chunk = 1;
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, 1, &chunk);
  H5Pset_deflate(creation, 1);
  add("w", H5T_IEEE_F32LE, values_.data(), creation);
  H5Pclose(creation);
  expect_refused("w", "is chunked");

  open(H5P_DEFAULT);
  creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(creation, H5D_COMPACT);
  add("w", H5T_IEEE_F32LE, values_.data(), creation);
  H5Pclose(creation);
  expect_refused("w", "is stored compact");

  open(H5P_DEFAULT);
  creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(creation, "/etc/passwd", 0, 8);
  add("w", H5T_IEEE_F32LE, nullptr, creation);
  H5Pclose(creation);
  expect_refused("w", "in another file");
}

TEST_F(Hdf5ForeignTest, ForeignTypesAreRefused) {
  const hid_t odd_float = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_ebias(odd_float, 126);
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, 4);
  for (const hid_t type : {H5T_IEEE_F32BE, H5T_STD_I16BE, H5T_STD_B8LE, odd_float, text}) {
    open(H5P_DEFAULT);
    const std::array<double, 4> zeros{};
    add("w", type, zeros.data());
    expect_refused("w", "has a type that safetensors has not");
  }
  H5Tclose(odd_float);
  H5Tclose(text);
}

TEST_F(Hdf5ForeignTest, UnwrittenAndNullDatasetsAreRefused) {
  add("w", H5T_IEEE_F32LE, nullptr);
  expect_refused("w", "was never written");
  open(H5P_DEFAULT);
  const hid_t space = H5Screate(H5S_NULL);
  H5Dclose(H5Dcreate2(file_, "w", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Sclose(space);
  expect_refused("w", "null dataspace");
}

TEST_F(Hdf5ForeignTest, DtypeAttributeMustFitTheStoredType) {
  add("w", H5T_IEEE_F32LE, values_.data());
  add_string_attribute("w", "dtype", "BF16");
  expect_refused("w", "says BF16, but elements are stored as F32");
  for (const std::string dtype : {"F33", "F4"}) {
    open(H5P_DEFAULT);
    add("w", H5T_STD_U8LE, values_.data());
    add_string_attribute("w", "dtype", dtype);
    expect_refused("w", "attribute '");
  }
}

TEST_F(Hdf5ForeignTest, NamesThatUnescapeToOneAreRefused) {
  add("a%", H5T_IEEE_F32LE, values_.data());
  add("a%25", H5T_IEEE_F32LE, values_.data());
  expect_refused("a%", "two objects");
}

}  // namespace
}  // namespace stockpot::io
