#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "stockpot/tensor/convert.hpp"

namespace stockpot::io::testing {

/// Writes HDF5 files with the plain C API, as any other program would; a failing call throws.
class Hdf5Builder {
 public:
  using Dimensions = std::vector<hsize_t>;

  explicit Hdf5Builder(const std::filesystem::path& path)
      : file_(ok(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT))) {}
  ~Hdf5Builder() { H5Fclose(file_); }
  Hdf5Builder(const Hdf5Builder&) = delete;
  Hdf5Builder& operator=(const Hdf5Builder&) = delete;

  [[nodiscard]] hid_t file() const { return file_; }

  Hdf5Builder& group(const std::string& path) {
    H5Gclose(ok(H5Gcreate2(file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    return *this;
  }
  /// A dataset of `stored` type; groups on its path come into being. Gzipped in chunks of one leading row if
  /// `compressed`.
  Hdf5Builder& doubles(const std::string& path, const Dimensions& shape, const std::vector<double>& values,
                       hid_t stored = H5T_IEEE_F64LE, bool compressed = false) {
    return add(path, shape, stored, H5T_NATIVE_DOUBLE, values.data(), compressed);
  }
  Hdf5Builder& integers(const std::string& path, const Dimensions& shape,
                        const std::vector<std::int64_t>& values, hid_t stored = H5T_STD_I64LE,
                        bool compressed = false) {
    return add(path, shape, stored, H5T_NATIVE_INT64, values.data(), compressed);
  }
  /// Half precision, rounded once from double.
  Hdf5Builder& halves(const std::string& path, const Dimensions& shape, const std::vector<double>& values) {
    const hid_t type = ok(H5Tcopy(H5T_IEEE_F32LE));
    ok(H5Tset_fields(type, 15, 10, 5, 0, 10));
    ok(H5Tset_precision(type, 16));
    ok(H5Tset_size(type, 2));
    ok(H5Tset_ebias(type, 15));
    std::vector<std::uint16_t> bits;
    for (const double value : values) bits.push_back(double_to_f16(value));
    add(path, shape, type, type, bits.data(), false);
    H5Tclose(type);
    return *this;
  }
  Hdf5Builder& text(const std::string& object, const std::string& name, const std::string& value) {
    const hid_t type = ok(H5Tcopy(H5T_C_S1));
    ok(H5Tset_size(type, H5T_VARIABLE));
    const char* characters = value.c_str();
    attribute(object, name, type, type, &characters);
    H5Tclose(type);
    return *this;
  }
  Hdf5Builder& number(const std::string& object, const std::string& name, std::int64_t value) {
    attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
    return *this;
  }
  Hdf5Builder& real(const std::string& object, const std::string& name, double value) {
    attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
    return *this;
  }
  Hdf5Builder& hard_link(const std::string& existing, const std::string& link) {
    ok(H5Lcreate_hard(file_, existing.c_str(), file_, link.c_str(), H5P_DEFAULT, H5P_DEFAULT));
    return *this;
  }
  Hdf5Builder& soft_link(const std::string& target, const std::string& link) {
    ok(H5Lcreate_soft(target.c_str(), file_, link.c_str(), H5P_DEFAULT, H5P_DEFAULT));
    return *this;
  }
  Hdf5Builder& remove(const std::string& path) {
    ok(H5Ldelete(file_, path.c_str(), H5P_DEFAULT));
    return *this;
  }
  Hdf5Builder& remove_attribute(const std::string& object, const std::string& name) {
    ok(H5Adelete_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT));
    return *this;
  }

 private:
  template <typename Result>
  static Result ok(Result result) {
    if (result < 0) throw std::runtime_error("HDF5 call failed");
    return result;
  }

  Hdf5Builder& add(const std::string& path, const Dimensions& shape, hid_t stored, hid_t memory,
                   const void* values, bool compressed) {
    const hid_t space =
        ok(shape.empty() ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
    const hid_t links = ok(H5Pcreate(H5P_LINK_CREATE));
    ok(H5Pset_create_intermediate_group(links, 1));
    const hid_t creation = ok(H5Pcreate(H5P_DATASET_CREATE));
    if (compressed) {
      Dimensions chunk = shape;
      chunk.front() = 1;
      ok(H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data()));
      ok(H5Pset_deflate(creation, 6));
    }
    const hid_t dataset = ok(H5Dcreate2(file_, path.c_str(), stored, space, links, creation, H5P_DEFAULT));
    if (values != nullptr) ok(H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Pclose(links);
    H5Sclose(space);
    return *this;
  }

  void attribute(const std::string& object, const std::string& name, hid_t stored, hid_t memory,
                 const void* value) {
    const hid_t space = ok(H5Screate(H5S_SCALAR));
    const hid_t added = ok(H5Acreate_by_name(file_, object.c_str(), name.c_str(), stored, space, H5P_DEFAULT,
                                             H5P_DEFAULT, H5P_DEFAULT));
    ok(H5Awrite(added, memory, value));
    H5Aclose(added);
    H5Sclose(space);
  }

  hid_t file_;
};

/// start, start + 1, ...
inline std::vector<double> counting(std::size_t count, double start = 0) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(start + static_cast<double>(i));
  return values;
}

}  // namespace stockpot::io::testing
