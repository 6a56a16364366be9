#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hdf5_handle.hpp"
#include "stockpot/io/stored_dataset.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::io {

struct Hdf5Link {
  std::string name;
  H5L_type_t type;
};

/// A dataset found by listing a group.
struct Hdf5Entry {
  std::string name;    ///< unescaped
  std::string object;  ///< path in the file
  Hdf5Handle dataset;
};

/// An HDF5 file open for reading, with the library's lock. What it can't read is the input's fault:
/// Error{input}; so are objects that lie outside the file. The `object` or `name` argument of each function
/// is what messages call the object.
class Hdf5Tree {
 public:
  explicit Hdf5Tree(const std::filesystem::path& path, Hdf5Names names = Hdf5Names::objects);

  [[nodiscard]] const Hdf5Check& check() const noexcept { return check_; }
  [[nodiscard]] hid_t root() const noexcept { return root_.get(); }

  [[nodiscard]] std::vector<Hdf5Link> links(hid_t group, const std::string& object) const;
  [[nodiscard]] Hdf5Handle open(hid_t group, const Hdf5Link& link, const std::string& object) const;
  /// The object at a path from the root.
  [[nodiscard]] Hdf5Handle open_path(const std::string& path) const;
  /// The datasets of a group of the root, sorted by name bytewise; nothing else may stand in it. Empty if the
  /// root has no such group.
  [[nodiscard]] std::vector<Hdf5Entry> datasets_in(const std::string& group_name) const;

  /// Shape, type and place of a dataset; refuses types other than integers and floats, external and virtual
  /// storage, claims that the file can't hold, and datasets that were never written.
  [[nodiscard]] StoredDataset describe(hid_t dataset, const std::string& object) const;
  [[nodiscard]] Shape shape_of(hid_t dataset, const std::string& object) const;
  /// Refuses every storage but contiguous, unfiltered, in this file.
  void require_contiguous(hid_t dataset, const std::string& object) const;
  /// Where the bytes of a contiguous dataset begin, from the start of the file, user block included.
  /// @pre bytes > 0
  [[nodiscard]] std::uint64_t offset_of(hid_t dataset, std::uint64_t bytes, const std::string& object) const;

 private:
  [[nodiscard]] H5O_info_t info_of(hid_t object, const std::string& name) const;
  void require_here(hid_t object, const std::string& name) const;
  void require_stored(hid_t dataset, DType dtype, std::uint64_t bytes, const std::string& object) const;

  std::uint64_t file_bytes_;
  Hdf5Session session_;  // held while any handle below it lives
  Hdf5Check check_;
  Hdf5Handle file_;
  Hdf5Handle root_;
  unsigned long file_number_ = 0;
};

}  // namespace stockpot::io
