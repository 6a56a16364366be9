#include "hdf5_new_file.hpp"

#include <vector>

namespace stockpot::io {

Hdf5NewFile::Hdf5NewFile(const std::filesystem::path& path, Hdf5Names names)
    : check_(ExitCode::system_io, path, names) {
  const Hdf5Handle access = property_list(H5P_FILE_ACCESS);
  check_.value(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18), "fix the format version");
  const Hdf5Handle creation = without_times(H5P_FILE_CREATE);
  file_ =
      check_.own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), "create this file");
  names_in_utf8_ = property_list(H5P_LINK_CREATE);
  check_.value(H5Pset_char_encoding(names_in_utf8_.get(), H5T_CSET_UTF8), "choose UTF-8");
  group_creation_ = without_times(H5P_GROUP_CREATE);
  contiguous_ = without_times(H5P_DATASET_CREATE);
  check_.value(H5Pset_layout(contiguous_.get(), H5D_CONTIGUOUS), "choose the layout");
  check_.value(H5Pset_alloc_time(contiguous_.get(), H5D_ALLOC_TIME_EARLY), "choose early allocation");
  check_.value(H5Pset_fill_time(contiguous_.get(), H5D_FILL_TIME_NEVER), "choose no fill value");
  compact_ = without_times(H5P_DATASET_CREATE);
  check_.value(H5Pset_layout(compact_.get(), H5D_COMPACT), "choose the layout");
}

Hdf5Handle Hdf5NewFile::add_group(hid_t parent, const std::string& link, const std::string& name) const {
  return check_.own(
      H5Gcreate2(parent, link.c_str(), names_in_utf8_.get(), group_creation_.get(), H5P_DEFAULT),
      "create the group", name);
}

Hdf5Handle Hdf5NewFile::add_dataset(hid_t parent, const std::string& link, hid_t type, const Shape& shape,
                                    const std::string& name, Hdf5Layout layout) const {
  const std::vector<hsize_t> dimensions(shape.begin(), shape.end());
  const Hdf5Handle space = check_.own(
      shape.empty() ? H5Screate(H5S_SCALAR)
                    : H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr),
      "create a dataspace", name);
  const Hdf5Handle& creation = layout == Hdf5Layout::compact ? compact_ : contiguous_;
  return check_.own(
      H5Dcreate2(parent, link.c_str(), type, space.get(), names_in_utf8_.get(), creation.get(), H5P_DEFAULT),
      "create the dataset", name);
}

void Hdf5NewFile::add_hard_link(hid_t parent, const std::string& existing, const std::string& link,
                                const std::string& name) const {
  check_.value(
      H5Lcreate_hard(parent, existing.c_str(), parent, link.c_str(), names_in_utf8_.get(), H5P_DEFAULT),
      "create the link", name);
}

void Hdf5NewFile::close() {
  for (Hdf5Handle* const list : {&compact_, &contiguous_, &group_creation_, &names_in_utf8_}) list->reset();
  check_.value(H5Fclose(file_.take()), "write and close this file");
}

Hdf5Handle Hdf5NewFile::property_list(hid_t kind) const {
  return check_.own(H5Pcreate(kind), "create a property list");
}

Hdf5Handle Hdf5NewFile::without_times(hid_t kind) const {
  Hdf5Handle properties = property_list(kind);
  check_.value(H5Pset_obj_track_times(properties.get(), false), "leave out times");
  return properties;
}

}  // namespace stockpot::io
