#include "stockpot/io/geometry_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <limits>

#include "stockpot/base/error.hpp"
#include "stockpot/base/fault.hpp"
#include "support/output_tensors.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::io {
namespace {

using ::testing::ElementsAre;

/// Reads with the library alone.
class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path)
      : file_(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { H5Fclose(file_); }

  [[nodiscard]] std::vector<double> numbers(const std::string& name) const {
    const hid_t dataset = H5Dopen2(file_, name.c_str(), H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    EXPECT_GE(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    H5Sclose(space);
    H5Dclose(dataset);
    return values;
  }
  [[nodiscard]] std::vector<hsize_t> shape(const std::string& name) const {
    const hid_t dataset = H5Dopen2(file_, name.c_str(), H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    std::vector<hsize_t> extents(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    H5Sclose(space);
    H5Dclose(dataset);
    return extents;
  }
  [[nodiscard]] bool has_attribute(const char* name) const { return H5Aexists(file_, name) > 0; }

 private:
  hid_t file_;
};

class GeometryFile : public ::testing::Test {
 protected:
  ~GeometryFile() override { set_fault_plan(""); }

  void write(const std::filesystem::path& target, bool durable = false) const {
    GeometryFileWriter writer(target, {{"./a", "b"}, "base"});
    writer.add({"tensor", "blocks/0.50%", 6, {{"norm", {2}, {1.5, 2.5}}, {"base_norm", {}, {0.5}}}});
    writer.add({"model", "all", 6, {{"cosine", {2, 2}, {1, 0.5, 0.5, nan}}}});
    writer.commit(durable);
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()),
                                                  std::filesystem::directory_iterator()));
  }

  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  stockpot::test::TemporaryFolder folder;
  std::filesystem::path path = folder / "geometry.h5";
};

TEST_F(GeometryFile, HoldsAGroupForEachItem) {
  write(path);
  const OpenFile file(path);
  EXPECT_THAT(file.numbers("/tensor/blocks%2F0.50%25/norm"), ElementsAre(1.5, 2.5));
  EXPECT_THAT(file.numbers("/tensor/blocks%2F0.50%25/elements"), ElementsAre(6));
  EXPECT_THAT(file.shape("/tensor/blocks%2F0.50%25/base_norm"), ElementsAre());
  EXPECT_THAT(file.shape("/model/all/cosine"), ElementsAre(2, 2));
  EXPECT_THAT(file.numbers("/model/all/cosine"), ElementsAre(1, 0.5, 0.5, ::testing::IsNan()));
  for (const char* name : {"format_version", "models", "base_model"}) EXPECT_TRUE(file.has_attribute(name));
}

TEST_F(GeometryFile, IsTheSameEachTime) {
  write(path);
  write(folder / "again.h5", true);
  EXPECT_TRUE(stockpot::test::read_file(path) == stockpot::test::read_file(folder / "again.h5"));
}

TEST_F(GeometryFile, ReplacesAnotherOnlyOnceItIsWhole) {
  stockpot::test::write_file(path, "earlier");
  {
    GeometryFileWriter writer(path, {{"a"}, std::nullopt});
    writer.add({"model", "all", 1, {{"norm", {1}, {1}}}});
  }
  EXPECT_EQ(stockpot::test::read_file(path), "earlier");
  set_fault_plan("rename:eio");
  EXPECT_THROW(write(path), Error);
  set_fault_plan("");
  EXPECT_EQ(stockpot::test::read_file(path), "earlier");
  EXPECT_EQ(entries(), 1u);
  write(path);
  EXPECT_THAT(OpenFile(path).numbers("/model/all/elements"), ElementsAre(6));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(GeometryFile, HoldsLargeMatrices) {
  constexpr std::uint64_t models = 100;
  std::vector<double> gram(models * models);
  for (std::size_t i = 0; i < gram.size(); ++i) gram[i] = static_cast<double>(i);
  GeometryFileWriter writer(path, {std::vector<std::string>(models, "model"), std::nullopt});
  writer.add({"model", "all", 1, {{"gram", {models, models}, gram}}});
  writer.commit(false);
  EXPECT_EQ(OpenFile(path).numbers("/model/all/gram"), gram);
  EXPECT_FALSE(OpenFile(path).has_attribute("base_model"));
}

TEST_F(GeometryFile, RefusesFoldersAndMissingOnes) {
  EXPECT_THROW(write(folder.path()), Error);
  EXPECT_THROW(write(folder / "missing" / "geometry.h5"), Error);
  EXPECT_EQ(entries(), 0u);
}

}  // namespace
}  // namespace stockpot::io
