#include "model_files.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/hdf5_state.hpp"
#include "stockpot/io/safetensors.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::reproduce {
namespace {

constexpr DType stored_type = DType::f32;

const probe::NamedTensor& find(const probe::Parameters& parameters, const std::string& name) {
  for (const probe::NamedTensor& tensor : parameters) {
    if (tensor.name == name) return tensor;
  }
  throw Error(ExitCode::input, "is not among the parameters", {"", name});
}

std::vector<std::byte> rounded_bytes(const probe::NamedTensor& tensor) {
  std::vector<std::byte> stored(tensor.values.size() * static_cast<std::size_t>(bytes(stored_type)));
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    store_rounded(stored_type, stored.data(), i, tensor.values[i]);
  }
  return stored;
}

}  // namespace

void write_model(const std::filesystem::path& folder, const probe::Parameters& parameters) {
  std::filesystem::create_directories(folder);
  std::vector<io::TensorHeader> headers;
  for (const probe::NamedTensor& tensor : parameters) {
    headers.push_back({.name = tensor.name, .dtype = stored_type, .shape = tensor.shape});
  }
  const io::SafetensorsLayout layout = io::canonical_safetensors(headers, {{"format", "pt"}});
  const std::filesystem::path path = folder / "model.safetensors";
  std::filesystem::remove(path);
  const io::File file = io::File::create_new(path);
  file.write_all(0, std::as_bytes(std::span(layout.header)));
  for (const io::TensorHeader& tensor : layout.tensors) {
    file.write_all(tensor.offset, rounded_bytes(find(parameters, tensor.name)));
  }
  io::write_text(folder / "config.json", "{\"model_type\": \"mlp\"}\n", false);
}

probe::Parameters read_model(const std::filesystem::path& folder) {
  std::vector<std::string> warnings;
  const checkpoint::Checkpoint model = checkpoint::open_checkpoint(folder, folder.string(), warnings);
  probe::Parameters parameters;
  for (const checkpoint::StoredTensor& tensor : model.tensors) {
    std::vector<std::byte> stored(tensor.bytes);
    io::File::open_to_read(model.files[tensor.file].path).read_exact(tensor.offset, stored);
    probe::NamedTensor read{.name = tensor.name, .shape = tensor.shape, .values = {}};
    read.values.resize(tensor.elements());
    for (std::size_t i = 0; i < read.values.size(); ++i) {
      read.values[i] = load_as_double(tensor.dtype, stored.data(), i);
    }
    parameters.push_back(std::move(read));
  }
  return parameters;
}

void write_data(const std::filesystem::path& path, const Examples& examples) {
  const std::uint64_t count = examples.labels.size();
  std::filesystem::remove(path);
  const io::Hdf5State state =
      io::create_hdf5_state(path,
                            {{.name = "x", .dtype = DType::f64, .shape = {count, image_pixels}},
                             {.name = "y", .dtype = DType::i64, .shape = {count}}},
                            {});
  const io::File file = io::File::open_to_write(path);
  for (const io::TensorHeader& tensor : state.tensors) {
    file.write_all(tensor.offset, tensor.name == "x" ? std::as_bytes(std::span(examples.inputs))
                                                     : std::as_bytes(std::span(examples.labels)));
  }
}

}  // namespace stockpot::reproduce
