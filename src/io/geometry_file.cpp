#include "stockpot/io/geometry_file.hpp"

#include <hdf5.h>
#include <unistd.h>

#include <map>

#include "hdf5_attribute.hpp"
#include "hdf5_new_file.hpp"
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
  Hdf5NewFile file;
  std::map<std::string, Hdf5Handle> kinds;

  explicit Open(const std::filesystem::path& path) : file(path) {}

  void write_attributes(const GeometryModels& models) const {
    const Hdf5Check& check = file.check();
    write_number_attribute(file.root(), "format_version", 1, check);
    if (models.base_model) write_string_attribute(file.root(), "base_model", *models.base_model, check);
    write_strings_attribute(file.root(), "models", models.models, check);
  }

  void write(hid_t parent, const std::string& name, const Shape& shape, hid_t stored, hid_t native,
             const void* values, std::size_t bytes, const std::string& item) const {
    const bool is_small = bytes > 0 && bytes <= largest_compact_bytes;
    const Hdf5Handle dataset = file.add_dataset(parent, name, stored, shape, item,
                                                is_small ? Hdf5Layout::compact : Hdf5Layout::contiguous);
    file.check().value(H5Dwrite(dataset.get(), native, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                       "write a dataset", item);
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
  if (is_new) kind->second = open_->file.add_group(open_->file.root(), item.kind, item.name);
  const Hdf5Handle group = open_->file.add_group(kind->second.get(), escape_hdf5_name(item.name), item.name);
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
    open_->file.close();
  }
  if (durable) File::open_to_write(unfinished_).sync();
  rename_over(unfinished_, path_);
  open_.reset();
  if (durable) sync_folder(folder_of(path_));
}

}  // namespace stockpot::io
