#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <array>

#include "hdf5_attribute.hpp"
#include "hdf5_handle.hpp"
#include "hdf5_types.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::io {
namespace {

struct Link {
  std::string name;
  H5L_type_t type;
};

herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* data) {
  static_cast<std::vector<Link>*>(data)->push_back({name, info->type});
  return 0;
}

/// Reads one open file. What it can't read is the input's fault: Error{input}.
class StateReader {
 public:
  StateReader(const std::filesystem::path& path, std::uint64_t file_bytes)
      : check_(ExitCode::input, path), file_bytes_(file_bytes) {
    file_ = check_.own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "open this file");
    root_ = check_.own(H5Gopen2(file_.get(), "/", H5P_DEFAULT), "open the root group");
    file_number_ = file_number_of(root_.get(), "/");
  }

  Hdf5State read() {
    Hdf5State state;
    for (const std::string& name : attribute_names(root_.get(), check_)) {
      std::optional<std::string> value = string_attribute(root_.get(), name, check_);
      if (value) state.metadata.emplace(unescape_hdf5_name(name), *std::move(value));
    }
    for (const Link& link : links()) state.tensors.push_back(tensor(link));
    std::sort(state.tensors.begin(), state.tensors.end(),
              [](const TensorHeader& a, const TensorHeader& b) { return a.name < b.name; });
    const auto twice =
        std::adjacent_find(state.tensors.begin(), state.tensors.end(),
                           [](const TensorHeader& a, const TensorHeader& b) { return a.name == b.name; });
    if (twice != state.tensors.end()) check_.refuse("two objects unescape to this name", twice->name);
    return state;
  }

 private:
  std::vector<Link> links() const {
    std::vector<Link> found;
    hsize_t position = 0;
    check_.value(H5Literate(root_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect_link, &found),
                 "list the root group");
    return found;
  }

  unsigned long file_number_of(hid_t object, const std::string& name) const {
    H5O_info_t info{};
    check_.value(H5Oget_info2(object, &info, H5O_INFO_BASIC), "look at the object", name);
    return info.fileno;
  }

  /// The dataset behind a link, which must lie in this file.
  Hdf5Handle open_dataset(const Link& link) const {
    if (link.type != H5L_TYPE_HARD && link.type != H5L_TYPE_SOFT) {
      check_.refuse("is a link that leaves the file: refused", link.name);
    }
    Hdf5Handle object =
        check_.own(H5Oopen(root_.get(), link.name.c_str(), H5P_DEFAULT), "open the object", link.name);
    if (file_number_of(object.get(), link.name) != file_number_) {
      check_.refuse("is a link that leaves the file: refused", link.name);
    }
    const H5I_type_t kind = H5Iget_type(object.get());
    if (kind == H5I_GROUP) check_.refuse("is a group: a state dict has its datasets at the root", link.name);
    if (kind != H5I_DATASET) check_.refuse("is no dataset", link.name);
    return object;
  }

  void check_storage(hid_t dataset, const std::string& name) const {
    const Hdf5Handle creation = check_.own(H5Dget_create_plist(dataset), "read the layout", name);
    switch (H5Pget_layout(creation.get())) {
      case H5D_CONTIGUOUS:
        break;
      case H5D_CHUNKED:
        check_.refuse("is chunked: only contiguous datasets are read", name);
      case H5D_COMPACT:
        check_.refuse("is stored compact: only contiguous datasets are read", name);
      case H5D_VIRTUAL:
        check_.refuse("is a virtual dataset: only contiguous ones are read", name);
      case H5D_LAYOUT_ERROR:
      case H5D_NLAYOUTS:
        check_.fail("read the layout", name);
    }
    if (check_.value(H5Pget_external_count(creation.get()), "read the layout", name) > 0) {
      check_.refuse("keeps its data in another file: refused", name);
    }
    if (check_.value(H5Pget_nfilters(creation.get()), "read the filters", name) > 0) {
      check_.refuse("is filtered (compressed): only plain datasets are read", name);
    }
  }

  Shape shape_of(hid_t dataset, const std::string& name) const {
    const Hdf5Handle space = check_.own(H5Dget_space(dataset), "read the shape", name);
    if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) check_.refuse("has a null dataspace", name);
    const int rank = check_.value(H5Sget_simple_extent_ndims(space.get()), "read the shape", name);
    std::array<hsize_t, H5S_MAX_RANK> dimensions{};
    check_.value(H5Sget_simple_extent_dims(space.get(), dimensions.data(), nullptr), "read the shape", name);
    return Shape(dimensions.begin(), dimensions.begin() + rank);
  }

  /// The attribute `dtype` overrules the stored type, if the two have elements of one size.
  DType declared_dtype(hid_t dataset, DType stored, const std::string& name) const {
    if (check_.value(H5Aexists(dataset, "dtype"), "look for attribute 'dtype'", name) == 0) return stored;
    const std::optional<std::string> text = string_attribute(dataset, "dtype", check_);
    const std::optional<DType> declared = text ? dtype_from_name(*text) : std::nullopt;
    if (!declared) check_.refuse("attribute 'dtype' is no dtype of safetensors", name);
    const bool packed = bytes(*declared) == 0;
    if (packed ? stored != DType::u8 : bytes(*declared) != bytes(stored)) {
      check_.refuse(fmt::format("attribute 'dtype' says {}, but elements are stored as {}", *text,
                                stockpot::name(stored)),
                    name);
    }
    return *declared;
  }

  /// Packed types (F4, F6) are stored as their bytes; their shape is an attribute.
  Shape declared_shape(hid_t dataset, DType dtype, Shape stored, const std::string& name) const {
    if (bytes(dtype) != 0) return stored;
    std::optional<Shape> shape = numbers_attribute(dataset, "shape", check_);
    if (!shape) check_.refuse("attribute 'shape' of a packed type is missing or no list of sizes", name);
    if (stored.size() != 1 || tensor_bytes(dtype, *shape) != stored.front()) {
      check_.refuse("attribute 'shape' does not fit the stored bytes", name);
    }
    return *std::move(shape);
  }

  void locate(hid_t dataset, TensorHeader& tensor) const {
    if (tensor.bytes == 0) return;
    const haddr_t offset = H5Dget_offset(dataset);  // from the start of the file, user block included
    if (offset == HADDR_UNDEF) check_.refuse("was never written", tensor.name);
    if (H5Dget_storage_size(dataset) != tensor.bytes || offset > file_bytes_ ||
        tensor.bytes > file_bytes_ - offset) {
      check_.refuse(fmt::format("its {} bytes at {} do not lie in the file's {} bytes (truncated?)",
                                tensor.bytes, offset, file_bytes_),
                    tensor.name);
    }
    tensor.offset = offset;
  }

  TensorHeader tensor(const Link& link) const {
    const Hdf5Handle dataset = open_dataset(link);
    check_storage(dataset.get(), link.name);
    const Hdf5Handle type = check_.own(H5Dget_type(dataset.get()), "read the type", link.name);
    const std::optional<DType> stored = dtype_of(type.get());
    if (!stored) check_.refuse("has a type that safetensors has not, or is big-endian", link.name);
    TensorHeader tensor;
    tensor.name = unescape_hdf5_name(link.name);
    tensor.dtype = declared_dtype(dataset.get(), *stored, link.name);
    tensor.shape = declared_shape(dataset.get(), tensor.dtype, shape_of(dataset.get(), link.name), link.name);
    const std::optional<std::uint64_t> bytes = tensor_bytes(tensor.dtype, tensor.shape);
    if (!bytes) check_.refuse("has a size that overflows", link.name);
    tensor.bytes = *bytes;
    locate(dataset.get(), tensor);
    return tensor;
  }

  Hdf5Check check_;
  std::uint64_t file_bytes_;
  Hdf5Handle file_;
  Hdf5Handle root_;
  unsigned long file_number_ = 0;
};

}  // namespace

Hdf5State read_hdf5_state(const std::filesystem::path& path) {
  const std::uint64_t file_bytes = File::open_to_read(path).size();
  const Hdf5Session session;
  return StateReader(path, file_bytes).read();
}

std::string hdf5_version() {
  const Hdf5Session session;
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace stockpot::io
