#include <fmt/format.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>

#include "hdf5_attribute.hpp"
#include "hdf5_handle.hpp"
#include "hdf5_new_file.hpp"
#include "hdf5_types.hpp"
#include "rename.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::io {
namespace {

void add_metadata(const Hdf5NewFile& file, const std::string& key, const std::string& value) {
  if (value.find('\0') != std::string::npos) {
    throw Error(ExitCode::input, "metadata " + quote(key) + " holds NUL: HDF5 can't hold it");
  }
  write_string_attribute(file.root(), escape_hdf5_name(key), value, file.check());
}

void add_tensor(const Hdf5NewFile& file, const TensorHeader& tensor) {
  const std::optional<std::uint64_t> tensor_size = tensor_bytes(tensor.dtype, tensor.shape);
  const bool packed = bytes(tensor.dtype) == 0;
  if (!tensor_size) throw Error(ExitCode::input, "has a size that overflows", {"", tensor.name});
  if (tensor.shape.size() > H5S_MAX_RANK) {
    throw Error(ExitCode::input, fmt::format("HDF5 can't hold more than {} dimensions", H5S_MAX_RANK),
                {"", tensor.name});
  }
  const Hdf5Handle type = hdf5_type(tensor.dtype, file.check());
  const Hdf5Handle dataset = file.add_dataset(file.root(), escape_hdf5_name(tensor.name), type.get(),
                                              packed ? Shape{*tensor_size} : tensor.shape, tensor.name);
  if (!hdf5_type_says_all(tensor.dtype)) {
    write_string_attribute(dataset.get(), "dtype", std::string(name(tensor.dtype)), file.check());
  }
  if (packed) write_numbers_attribute(dataset.get(), "shape", tensor.shape, file.check());
}

void create_file(const std::filesystem::path& path, const std::vector<TensorHeader>& tensors,
                 const std::map<std::string, std::string>& metadata) {
  const Hdf5Session session;
  Hdf5NewFile file(path);
  for (const auto& [key, value] : metadata) add_metadata(file, key, value);
  for (const TensorHeader& tensor : tensors) add_tensor(file, tensor);
  file.close();
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
