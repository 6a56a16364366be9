#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>

#include "hdf5_attribute.hpp"
#include "hdf5_tree.hpp"
#include "hdf5_types.hpp"
#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::io {
namespace {

/// Reads one open file. What it can't read is the input's fault: Error{input}.
class StateReader {
 public:
  explicit StateReader(const std::filesystem::path& path)
      : tree_(path, Hdf5Names::tensors), check_(tree_.check()) {}

  Hdf5State read() {
    Hdf5State state;
    for (const std::string& name : attribute_names(tree_.root(), check_)) {
      std::optional<std::string> value = string_attribute(tree_.root(), name, check_);
      if (value) state.metadata.emplace(unescape_hdf5_name(name), *std::move(value));
    }
    for (const Hdf5Link& link : tree_.links(tree_.root(), "")) state.tensors.push_back(tensor(link));
    std::sort(state.tensors.begin(), state.tensors.end(),
              [](const TensorHeader& a, const TensorHeader& b) { return a.name < b.name; });
    const auto twice =
        std::adjacent_find(state.tensors.begin(), state.tensors.end(),
                           [](const TensorHeader& a, const TensorHeader& b) { return a.name == b.name; });
    if (twice != state.tensors.end()) check_.refuse("two objects unescape to this name", twice->name);
    return state;
  }

 private:
  Hdf5Handle open_dataset(const Hdf5Link& link) const {
    Hdf5Handle object = tree_.open(tree_.root(), link, link.name);
    const H5I_type_t kind = H5Iget_type(object.get());
    if (kind == H5I_GROUP) check_.refuse("is a group: a state dict has its datasets at the root", link.name);
    if (kind != H5I_DATASET) check_.refuse("is no dataset", link.name);
    return object;
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

  TensorHeader tensor(const Hdf5Link& link) const {
    const Hdf5Handle dataset = open_dataset(link);
    tree_.require_contiguous(dataset.get(), link.name);
    const Hdf5Handle type = check_.own(H5Dget_type(dataset.get()), "read the type", link.name);
    const std::optional<DType> stored = dtype_of(type.get());
    if (!stored) check_.refuse("has a type that safetensors has not, or is big-endian", link.name);
    TensorHeader tensor;
    tensor.name = unescape_hdf5_name(link.name);
    tensor.dtype = declared_dtype(dataset.get(), *stored, link.name);
    tensor.shape =
        declared_shape(dataset.get(), tensor.dtype, tree_.shape_of(dataset.get(), link.name), link.name);
    const std::optional<std::uint64_t> bytes = tensor_bytes(tensor.dtype, tensor.shape);
    if (!bytes) check_.refuse("has a size that overflows", link.name);
    tensor.bytes = *bytes;
    if (tensor.bytes > 0) tensor.offset = tree_.offset_of(dataset.get(), tensor.bytes, tensor.name);
    return tensor;
  }

  Hdf5Tree tree_;
  const Hdf5Check& check_;
};

}  // namespace

Hdf5State read_hdf5_state(const std::filesystem::path& path) {
  return StateReader(path).read();
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
