#include "hdf5_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hdf5_types.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::io {
namespace {

/// The library's filters shrink no more than deflate does; a stronger claim is no data but a trap.
constexpr std::uint64_t strongest_compression = 1100;
/// The library holds whole chunks in memory.
constexpr std::uint64_t largest_chunk_bytes = std::uint64_t{256} << 20;

std::uint64_t chunk_bytes(hid_t creation, DType dtype) {
  std::array<hsize_t, H5S_MAX_RANK> dimensions{};
  const int rank = H5Pget_chunk(creation, H5S_MAX_RANK, dimensions.data());
  return rank < 0 ? 0
                  : tensor_bytes(dtype, Shape(dimensions.begin(), dimensions.begin() + rank))
                        .value_or(~std::uint64_t{0});
}

herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* data) {
  static_cast<std::vector<Hdf5Link>*>(data)->push_back({name, info->type});
  return 0;
}

}  // namespace

Hdf5Tree::Hdf5Tree(const std::filesystem::path& path, Hdf5Names names)
    : file_bytes_(File::open_to_read(path).size()), check_(ExitCode::input, path, names) {
  file_ = check_.own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "open this file");
  root_ = check_.own(H5Gopen2(file_.get(), "/", H5P_DEFAULT), "open the root group");
  file_number_ = info_of(root_.get(), "/").fileno;
}

H5O_info_t Hdf5Tree::info_of(hid_t object, const std::string& name) const {
  H5O_info_t info{};
  check_.value(H5Oget_info2(object, &info, H5O_INFO_BASIC), "look at the object", name);
  return info;
}

void Hdf5Tree::require_here(hid_t object, const std::string& name) const {
  if (info_of(object, name).fileno != file_number_) {
    check_.refuse("is a link that leaves the file: refused", name);
  }
}

std::vector<Hdf5Link> Hdf5Tree::links(hid_t group, const std::string& object) const {
  std::vector<Hdf5Link> found;
  hsize_t position = 0;
  check_.value(H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect_link, &found),
               object.empty() ? "list the root group" : "list this group", object);
  return found;
}

Hdf5Handle Hdf5Tree::open(hid_t group, const Hdf5Link& link, const std::string& object) const {
  if (link.type != H5L_TYPE_HARD && link.type != H5L_TYPE_SOFT) {
    check_.refuse("is a link that leaves the file: refused", object);
  }
  Hdf5Handle opened = check_.own(H5Oopen(group, link.name.c_str(), H5P_DEFAULT), "open the object", object);
  require_here(opened.get(), object);
  return opened;
}

Hdf5Handle Hdf5Tree::open_path(const std::string& path) const {
  Hdf5Handle opened = check_.own(H5Oopen(root_.get(), path.c_str(), H5P_DEFAULT), "open the object", path);
  require_here(opened.get(), path);
  return opened;
}

std::vector<Hdf5Entry> Hdf5Tree::datasets_in(const std::string& group_name) const {
  const std::string path = "/" + group_name;
  std::vector<Hdf5Entry> found;
  if (check_.value(H5Lexists(root_.get(), group_name.c_str(), H5P_DEFAULT), "look for a group", path) == 0) {
    return found;
  }
  const Hdf5Handle group = open_path(path);
  if (H5Iget_type(group.get()) != H5I_GROUP) check_.refuse("is no group", path);
  for (const Hdf5Link& link : links(group.get(), path)) {
    const std::string object = path + "/" + link.name;
    Hdf5Handle dataset = open(group.get(), link, object);
    if (H5Iget_type(dataset.get()) != H5I_DATASET) {
      check_.refuse("is no dataset ('/' in a name is written %2F)", object);
    }
    found.push_back({unescape_hdf5_name(link.name), object, std::move(dataset)});
  }
  std::sort(found.begin(), found.end(),
            [](const Hdf5Entry& a, const Hdf5Entry& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      found.begin(), found.end(), [](const Hdf5Entry& a, const Hdf5Entry& b) { return a.name == b.name; });
  if (twice != found.end()) check_.refuse("two objects unescape to this name", twice->object);
  return found;
}

StoredDataset Hdf5Tree::describe(hid_t dataset, const std::string& object) const {
  StoredDataset stored;
  stored.object = object;
  stored.address = info_of(dataset, object).addr;
  const Hdf5Handle type = check_.own(H5Dget_type(dataset), "read the type", object);
  const std::optional<DType> dtype = dtype_of(type.get());
  if (!dtype || *dtype == DType::c64) {
    check_.refuse("has a type that is no little-endian integer or float", object);
  }
  stored.dtype = *dtype;
  stored.shape = shape_of(dataset, object);
  const std::optional<std::uint64_t> elements = element_count(stored.shape);
  const std::optional<std::uint64_t> bytes = tensor_bytes(stored.dtype, stored.shape);
  if (!elements || !bytes) check_.refuse("has a size that overflows", object);
  stored.elements = *elements;
  const Hdf5Handle creation = check_.own(H5Dget_create_plist(dataset), "read the layout", object);
  if (H5Pget_layout(creation.get()) == H5D_CONTIGUOUS) {
    require_contiguous(dataset, object);
    stored.offset = *bytes == 0 ? 0 : offset_of(dataset, *bytes, object);
  } else {
    require_stored(dataset, stored.dtype, *bytes, object);
  }
  return stored;
}

void Hdf5Tree::require_stored(hid_t dataset, DType dtype, std::uint64_t bytes,
                              const std::string& object) const {
  const Hdf5Handle creation = check_.own(H5Dget_create_plist(dataset), "read the layout", object);
  if (H5Pget_layout(creation.get()) == H5D_VIRTUAL) check_.refuse("is a virtual dataset: refused", object);
  if (H5Pget_layout(creation.get()) == H5D_CHUNKED &&
      chunk_bytes(creation.get(), dtype) > largest_chunk_bytes) {
    check_.refuse(fmt::format("has chunks above {} bytes", largest_chunk_bytes), object);
  }
  const std::uint64_t stored_bytes = H5Dget_storage_size(dataset);
  if (stored_bytes > file_bytes_ || bytes / strongest_compression > stored_bytes ||
      (bytes > 0 && stored_bytes == 0)) {
    check_.refuse(
        fmt::format("claims {} bytes, of which {} are stored: never written, or a trap", bytes, stored_bytes),
        object);
  }
}

Shape Hdf5Tree::shape_of(hid_t dataset, const std::string& object) const {
  const Hdf5Handle space = check_.own(H5Dget_space(dataset), "read the shape", object);
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) check_.refuse("has a null dataspace", object);
  const int rank = check_.value(H5Sget_simple_extent_ndims(space.get()), "read the shape", object);
  std::array<hsize_t, H5S_MAX_RANK> dimensions{};
  check_.value(H5Sget_simple_extent_dims(space.get(), dimensions.data(), nullptr), "read the shape", object);
  return Shape(dimensions.begin(), dimensions.begin() + rank);
}

void Hdf5Tree::require_contiguous(hid_t dataset, const std::string& object) const {
  const Hdf5Handle creation = check_.own(H5Dget_create_plist(dataset), "read the layout", object);
  switch (H5Pget_layout(creation.get())) {
    case H5D_CONTIGUOUS:
      break;
    case H5D_CHUNKED:
      check_.refuse("is chunked: only contiguous datasets are read", object);
    case H5D_COMPACT:
      check_.refuse("is stored compact: only contiguous datasets are read", object);
    case H5D_VIRTUAL:
      check_.refuse("is a virtual dataset: only contiguous ones are read", object);
    case H5D_LAYOUT_ERROR:
    case H5D_NLAYOUTS:
      check_.fail("read the layout", object);
  }
  if (check_.value(H5Pget_external_count(creation.get()), "read the layout", object) > 0) {
    check_.refuse("keeps its data in another file: refused", object);
  }
  if (check_.value(H5Pget_nfilters(creation.get()), "read the filters", object) > 0) {
    check_.refuse("is filtered (compressed): only plain datasets are read", object);
  }
}

std::uint64_t Hdf5Tree::offset_of(hid_t dataset, std::uint64_t bytes, const std::string& object) const {
  const haddr_t offset = H5Dget_offset(dataset);
  if (offset == HADDR_UNDEF) check_.refuse("was never written", object);
  if (H5Dget_storage_size(dataset) != bytes || offset > file_bytes_ || bytes > file_bytes_ - offset) {
    check_.refuse(fmt::format("its {} bytes at {} do not lie in the file's {} bytes (truncated?)", bytes,
                              offset, file_bytes_),
                  object);
  }
  return offset;
}

}  // namespace stockpot::io
