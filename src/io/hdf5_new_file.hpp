#pragma once

#include <filesystem>
#include <string>

#include "hdf5_handle.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::io {

/// The structure of one file being created: no times and one fixed format version, so that equal content
/// gives equal bytes; datasets contiguous, allocated and unwritten. Errors: Error{system_io} with the
/// library's text. @pre an `Hdf5Session` lives
class Hdf5NewFile {
 public:
  explicit Hdf5NewFile(const std::filesystem::path& path, Hdf5Names names = Hdf5Names::tensors);

  [[nodiscard]] const Hdf5Check& check() const noexcept { return check_; }
  [[nodiscard]] hid_t root() const noexcept { return file_.get(); }
  /// `link` is the escaped name; `name` is what messages call the object.
  [[nodiscard]] Hdf5Handle add_group(const std::string& link) const;
  [[nodiscard]] Hdf5Handle add_dataset(hid_t parent, const std::string& link, hid_t type, const Shape& shape,
                                       const std::string& name) const;
  void add_hard_link(hid_t parent, const std::string& existing, const std::string& link,
                     const std::string& name) const;
  /// Errors of closing, such as a full disk, would be lost in a destructor.
  void close();

 private:
  [[nodiscard]] Hdf5Handle property_list(hid_t kind) const;

  Hdf5Check check_;
  Hdf5Handle file_;
  Hdf5Handle names_in_utf8_;
  Hdf5Handle contiguous_;
};

}  // namespace stockpot::io
