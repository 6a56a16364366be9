#include <fmt/format.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>

#include "hdf5_attribute.hpp"
#include "hdf5_handle.hpp"
#include "hdf5_types.hpp"
#include "rename.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::io {
namespace {

/// Writes the structure of one file. No times and one fixed format version: equal content, equal bytes.
class StateCreator {
 public:
  explicit StateCreator(const std::filesystem::path& path) : check_(ExitCode::system_io, path) {
    const Hdf5Handle access = property_list(H5P_FILE_ACCESS);
    check_.value(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18),
                 "fix the format version");
    const Hdf5Handle creation = property_list(H5P_FILE_CREATE);
    check_.value(H5Pset_obj_track_times(creation.get(), false), "leave out times");
    file_ =
        check_.own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), "create this file");
    names_in_utf8_ = property_list(H5P_LINK_CREATE);
    check_.value(H5Pset_char_encoding(names_in_utf8_.get(), H5T_CSET_UTF8), "choose UTF-8");
    contiguous_ = property_list(H5P_DATASET_CREATE);
    check_.value(H5Pset_layout(contiguous_.get(), H5D_CONTIGUOUS), "choose the layout");
    check_.value(H5Pset_alloc_time(contiguous_.get(), H5D_ALLOC_TIME_EARLY), "choose early allocation");
    check_.value(H5Pset_fill_time(contiguous_.get(), H5D_FILL_TIME_NEVER), "choose no fill value");
    check_.value(H5Pset_obj_track_times(contiguous_.get(), false), "leave out times");
  }

  void add_metadata(const std::string& key, const std::string& value) const {
    if (value.find('\0') != std::string::npos) {
      throw Error(ExitCode::input, "metadata " + quote(key) + " holds NUL: HDF5 can't hold it");
    }
    write_string_attribute(file_.get(), escape_hdf5_name(key), value, check_);
  }

  void add_tensor(const TensorHeader& tensor) const {
    const std::optional<std::uint64_t> tensor_size = tensor_bytes(tensor.dtype, tensor.shape);
    const bool packed = bytes(tensor.dtype) == 0;
    if (!tensor_size) throw Error(ExitCode::input, "has a size that overflows", {"", tensor.name});
    if (tensor.shape.size() > H5S_MAX_RANK) {
      throw Error(ExitCode::input, fmt::format("HDF5 can't hold more than {} dimensions", H5S_MAX_RANK),
                  {"", tensor.name});
    }
    const Hdf5Handle type = hdf5_type(tensor.dtype, check_);
    const Hdf5Handle space = dataspace(packed ? Shape{*tensor_size} : tensor.shape, tensor.name);
    const Hdf5Handle dataset =
        check_.own(H5Dcreate2(file_.get(), escape_hdf5_name(tensor.name).c_str(), type.get(), space.get(),
                              names_in_utf8_.get(), contiguous_.get(), H5P_DEFAULT),
                   "create the dataset", tensor.name);
    if (!hdf5_type_says_all(tensor.dtype)) {
      write_string_attribute(dataset.get(), "dtype", std::string(name(tensor.dtype)), check_);
    }
    if (packed) write_numbers_attribute(dataset.get(), "shape", tensor.shape, check_);
  }

  /// Errors of closing, such as a full disk, would be lost in a destructor.
  void close() {
    contiguous_.reset();
    names_in_utf8_.reset();
    check_.value(H5Fclose(file_.take()), "write and close this file");
  }

 private:
  Hdf5Handle property_list(hid_t kind) const { return check_.own(H5Pcreate(kind), "create a property list"); }

  Hdf5Handle dataspace(const Shape& shape, const std::string& name) const {
    if (shape.empty()) return check_.own(H5Screate(H5S_SCALAR), "create a dataspace", name);
    const std::vector<hsize_t> dimensions(shape.begin(), shape.end());
    return check_.own(H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr),
                      "create a dataspace", name);
  }

  Hdf5Check check_;
  Hdf5Handle file_;
  Hdf5Handle names_in_utf8_;
  Hdf5Handle contiguous_;
};

void create_file(const std::filesystem::path& path, const std::vector<TensorHeader>& tensors,
                 const std::map<std::string, std::string>& metadata) {
  const Hdf5Session session;
  StateCreator creator(path);
  for (const auto& [key, value] : metadata) creator.add_metadata(key, value);
  for (const TensorHeader& tensor : tensors) creator.add_tensor(tensor);
  creator.close();
}

}  // namespace

Hdf5State create_hdf5_state(const std::filesystem::path& path, const std::vector<TensorHeader>& tensors,
                            const std::map<std::string, std::string>& metadata) {
  std::vector<TensorHeader> ordered = tensors;
  std::sort(ordered.begin(), ordered.end(),
            [](const TensorHeader& a, const TensorHeader& b) { return natural_less(a.name, b.name); });
  std::filesystem::path unfinished = path;
  unfinished += ".creating";
  try {
    create_file(unfinished, ordered, metadata);
    rename_over(unfinished, path);
  } catch (...) {
    ::unlink(unfinished.c_str());
    throw;
  }
  return read_hdf5_state(path);
}

}  // namespace stockpot::io
