#pragma once

#include <filesystem>
#include <string>

#include "hdf5_handle.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::io {

/// How a dataset's elements lie.
enum class Hdf5Layout {
  contiguous,  ///< allocated, and unwritten until someone writes
  compact,     ///< in the dataset's header: for some kilobytes that the library writes at once
};

/// The structure of one file being created: no times and one fixed format version, so that equal content
/// gives equal bytes. Errors: Error{system_io} with the library's text. @pre an `Hdf5Session` lives
class Hdf5NewFile {
 public:
  explicit Hdf5NewFile(const std::filesystem::path& path, Hdf5Names names = Hdf5Names::tensors);

  [[nodiscard]] const Hdf5Check& check() const noexcept { return check_; }
  [[nodiscard]] hid_t root() const noexcept { return file_.get(); }
  /// `link` is the escaped name; `name` is what messages call the object.
  [[nodiscard]] Hdf5Handle add_group(hid_t parent, const std::string& link, const std::string& name) const;
  [[nodiscard]] Hdf5Handle add_dataset(hid_t parent, const std::string& link, hid_t type, const Shape& shape,
                                       const std::string& name,
                                       Hdf5Layout layout = Hdf5Layout::contiguous) const;
  void add_hard_link(hid_t parent, const std::string& existing, const std::string& link,
                     const std::string& name) const;
  /// Errors of closing, such as a full disk, would be lost in a destructor.
  void close();

 private:
  [[nodiscard]] Hdf5Handle property_list(hid_t kind) const;
  [[nodiscard]] Hdf5Handle without_times(hid_t kind) const;

  Hdf5Check check_;
  Hdf5Handle file_;
  Hdf5Handle names_in_utf8_;
  Hdf5Handle group_creation_;
  Hdf5Handle contiguous_;
  Hdf5Handle compact_;
};

}  // namespace stockpot::io
