#include "stockpot/io/geometry_file.hpp"

#include <hdf5.h>
#include <unistd.h>

#include <map>

#include "hdf5_attribute.hpp"
#include "hdf5_handle.hpp"
#include "rename.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::io {
namespace {

/// What HDF5 keeps in a dataset's header; more stands apart.
constexpr std::size_t largest_compact_bytes = 32768;

std::filesystem::path folder_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

}  // namespace

/// The file while it is written.
struct GeometryFileWriter::Open {
  Hdf5Check check;
  Hdf5Handle file;
  Hdf5Handle names_in_utf8;
  Hdf5Handle group_creation;
  std::map<std::string, Hdf5Handle> kinds;

  explicit Open(const std::filesystem::path& path) : check(ExitCode::system_io, path) {
    const Hdf5Handle access = list(H5P_FILE_ACCESS);
    check.value(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18), "fix the format version");
    const Hdf5Handle creation = without_times(H5P_FILE_CREATE);
    file =
        check.own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), "create this file");
    names_in_utf8 = list(H5P_LINK_CREATE);
    check.value(H5Pset_char_encoding(names_in_utf8.get(), H5T_CSET_UTF8), "choose UTF-8");
    group_creation = without_times(H5P_GROUP_CREATE);
  }

  [[nodiscard]] Hdf5Handle list(hid_t kind) const {
    return check.own(H5Pcreate(kind), "create a property list");
  }
  [[nodiscard]] Hdf5Handle without_times(hid_t kind) const {
    Hdf5Handle properties = list(kind);
    check.value(H5Pset_obj_track_times(properties.get(), false), "leave out times");
    return properties;
  }

  [[nodiscard]] Hdf5Handle dataspace(const Shape& shape) const {
    if (shape.empty()) return check.own(H5Screate(H5S_SCALAR), "create a dataspace");
    const std::vector<hsize_t> dimensions(shape.begin(), shape.end());
    return check.own(H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr),
                     "create a dataspace");
  }

  void write_attributes(const GeometryModels& models) const {
    const Hdf5Handle scalar = dataspace({});
    const Hdf5Handle version = check.own(
        H5Acreate2(file.get(), "format_version", H5T_STD_I64LE, scalar.get(), H5P_DEFAULT, H5P_DEFAULT),
        "write the format version");
    const std::int64_t one = 1;
    check.value(H5Awrite(version.get(), H5T_NATIVE_INT64, &one), "write the format version");
    if (models.base_model) write_string_attribute(file.get(), "base_model", *models.base_model, check);

    const Hdf5Handle text = check.own(H5Tcopy(H5T_C_S1), "write the models' names");
    check.value(H5Tset_size(text.get(), H5T_VARIABLE), "write the models' names");
    check.value(H5Tset_cset(text.get(), H5T_CSET_UTF8), "write the models' names");
    const Hdf5Handle space = dataspace({models.models.size()});
    const Hdf5Handle names =
        check.own(H5Acreate2(file.get(), "models", text.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
                  "write the models' names");
    std::vector<const char*> pointers;
    for (const std::string& model : models.models) pointers.push_back(model.c_str());
    check.value(H5Awrite(names.get(), text.get(), pointers.data()), "write the models' names");
  }

  Hdf5Handle group(hid_t parent, const std::string& name) const {
    return check.own(H5Gcreate2(parent, name.c_str(), names_in_utf8.get(), group_creation.get(), H5P_DEFAULT),
                     "create a group", name);
  }

  void write(hid_t parent, const std::string& name, const Shape& shape, hid_t stored, hid_t native,
             const void* values, std::size_t bytes, const std::string& item) const {
    const Hdf5Handle creation = without_times(H5P_DATASET_CREATE);
    const H5D_layout_t layout = bytes > 0 && bytes <= largest_compact_bytes ? H5D_COMPACT : H5D_CONTIGUOUS;
    check.value(H5Pset_layout(creation.get(), layout), "choose the layout", item);
    const Hdf5Handle space = dataspace(shape);
    const Hdf5Handle dataset = check.own(H5Dcreate2(parent, name.c_str(), stored, space.get(),
                                                    names_in_utf8.get(), creation.get(), H5P_DEFAULT),
                                         "create a dataset", item);
    check.value(H5Dwrite(dataset.get(), native, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "write a dataset",
                item);
  }
};

GeometryFileWriter::GeometryFileWriter(const std::filesystem::path& path, const GeometryModels& models)
    : path_(path), unfinished_(folder_of(path) / ("." + path.filename().string() + ".creating")) {
  if (std::filesystem::is_directory(path)) {
    throw Error(ExitCode::usage, "is a folder, not a file to write", {path.string(), ""});
  }
  const Hdf5Session session;
  try {
    open_ = std::make_unique<Open>(unfinished_);
    open_->write_attributes(models);
  } catch (...) {
    open_.reset();
    ::unlink(unfinished_.c_str());
    throw;
  }
}

GeometryFileWriter::~GeometryFileWriter() {
  if (open_ == nullptr) return;
  const Hdf5Session session;
  open_.reset();
  ::unlink(unfinished_.c_str());
}

void GeometryFileWriter::add(const GeometryItem& item) {
  const Hdf5Session session;
  const auto [kind, is_new] = open_->kinds.try_emplace(item.kind);
  if (is_new) kind->second = open_->group(open_->file.get(), item.kind);
  const Hdf5Handle group = open_->group(kind->second.get(), escape_hdf5_name(item.name));
  open_->write(group.get(), "elements", {}, H5T_STD_U64LE, H5T_NATIVE_UINT64, &item.elements,
               sizeof(item.elements), item.name);
  for (const NamedNumbers& numbers : item.numbers) {
    open_->write(group.get(), numbers.name, numbers.shape, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
                 numbers.values.data(), numbers.values.size() * sizeof(double), item.name);
  }
}

void GeometryFileWriter::commit(bool durable) {
  {
    const Hdf5Session session;
    open_->kinds.clear();
    open_->group_creation.reset();
    open_->names_in_utf8.reset();
    // Errors of closing, such as a full disk, would be lost in a destructor.
    open_->check.value(H5Fclose(open_->file.take()), "write and close this file");
  }
  if (durable) File::open_to_write(unfinished_).sync();
  rename_over(unfinished_, path_);
  open_.reset();
  if (durable) sync_folder(folder_of(path_));
}

}  // namespace stockpot::io
