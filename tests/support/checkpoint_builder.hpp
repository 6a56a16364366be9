#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stockpot/base/text.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/hdf5_state.hpp"
#include "stockpot/io/hf_index.hpp"
#include "stockpot/io/safetensors.hpp"
#include "stockpot/tensor/convert.hpp"
#include "stockpot/tensor/dtype.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::test {

/// One element in stored form: floats rounded once (fp8 to the nearest finite code), integers as they are.
/// Not for F4, F6, E8M0, FNUZ and C64: their bytes go through `CheckpointBuilder::add_raw`.
inline void encode_element(DType dtype, double value, std::byte* out) {
  if (is_output(dtype)) return store_rounded(dtype, out, 0, value);
  if (is_mergeable(dtype)) {
    double best = std::numeric_limits<double>::infinity();
    for (unsigned code = 0; code < 256; ++code) {
      const auto byte = static_cast<std::byte>(code);
      const double distance = std::abs(load_as_double(dtype, &byte, 0) - value);
      if (!(distance < best)) continue;
      best = distance;
      *out = byte;
    }
    return;
  }
  if (!is_integer(dtype)) throw std::invalid_argument("encode_element: give this type's bytes to add_raw");
  const auto integer = value < 0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(value))
                                 : static_cast<std::uint64_t>(value);
  std::memcpy(out, &integer, static_cast<std::size_t>(bytes(dtype)));
}

inline std::vector<std::byte> encode(DType dtype, std::span<const double> values) {
  const auto width = static_cast<std::size_t>(bytes(dtype));
  std::vector<std::byte> out(values.size() * width);
  for (std::size_t i = 0; i < values.size(); ++i) encode_element(dtype, values[i], out.data() + i * width);
  return out;
}

/// Real checkpoints from tensors in memory:
///
///   CheckpointBuilder()
///       .add("model.embed_tokens.weight", DType::bf16, {4, 8}, values)
///       .add_random("model.layers.0.mlp.weight", DType::f32, {8, 8}, 1)
///       .config(R"({"tie_word_embeddings": true})")
///       .write(folder, 100);
class CheckpointBuilder {
 public:
  static constexpr std::uint64_t one_shard = std::numeric_limits<std::uint64_t>::max();

  struct Tensor {
    DType dtype = DType::f32;
    Shape shape;
    std::vector<std::byte> bytes;
  };

  /// Values are in row order; one value fills the tensor.
  CheckpointBuilder& add(const std::string& name, DType dtype, const Shape& shape,
                         std::vector<double> values) {
    const std::uint64_t elements = element_count(shape).value();
    if (values.size() == 1) values.resize(elements, values.front());
    if (values.size() != elements) throw std::invalid_argument("CheckpointBuilder: values of " + name);
    return add_raw(name, dtype, shape, encode(dtype, values));
  }
  CheckpointBuilder& add_raw(const std::string& name, DType dtype, const Shape& shape,
                             std::vector<std::byte> bytes) {
    if (bytes.size() != tensor_bytes(dtype, shape))
      throw std::invalid_argument("CheckpointBuilder: bytes of " + name);
    tensors_[name] = {dtype, shape, std::move(bytes)};
    return *this;
  }
  /// Floats uniform in [-1, 1), integers in 0..99; the same for a seed everywhere.
  CheckpointBuilder& add_random(const std::string& name, DType dtype, const Shape& shape,
                                std::uint64_t seed) {
    std::mt19937_64 generator(seed);
    std::vector<double> values(element_count(shape).value());
    for (double& value : values) {
      const std::uint64_t bits = generator();
      value = dtype == DType::boolean ? static_cast<double>(bits & 1U)
              : is_integer(dtype)     ? static_cast<double>(bits % 100)
                                      : static_cast<double>(bits >> 11) * 0x1p-52 - 1.0;
    }
    return add_raw(name, dtype, shape, encode(dtype, values));
  }
  CheckpointBuilder& remove(const std::string& name) {
    tensors_.erase(name);
    return *this;
  }
  CheckpointBuilder& config(const std::string& json) { return file("config.json", json); }
  /// Any other small file of the folder.
  CheckpointBuilder& file(const std::string& name, const std::string& text) {
    files_[name] = text;
    return *this;
  }
  /// Metadata of every shard; "format" is "pt" already.
  CheckpointBuilder& metadata(const std::string& key, const std::string& value) {
    metadata_[key] = value;
    return *this;
  }

  [[nodiscard]] const std::map<std::string, Tensor>& tensors() const { return tensors_; }
  [[nodiscard]] const Tensor& tensor(const std::string& name) const { return tensors_.at(name); }
  /// @pre is_mergeable(dtype of the tensor)
  [[nodiscard]] std::vector<double> values(const std::string& name) const {
    const Tensor& stored = tensor(name);
    std::vector<double> out(element_count(stored.shape).value());
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = load_as_double(stored.dtype, stored.bytes.data(), i);
    return out;
  }

  /// A Hugging Face folder: tensors in natural order, a new shard before one would pass `shard_bytes`.
  void write(const std::filesystem::path& folder, std::uint64_t shard_bytes = one_shard) const {
    std::filesystem::create_directories(folder);
    std::vector<std::vector<std::string>> shards(1);
    std::uint64_t in_shard = 0;
    std::uint64_t total = 0;
    std::uint64_t parameters = 0;
    for (const std::string& name : natural_names()) {
      const std::uint64_t size = tensor(name).bytes.size();
      if (!shards.back().empty() && (in_shard + size > shard_bytes || in_shard + size < in_shard)) {
        shards.emplace_back();
        in_shard = 0;
      }
      shards.back().push_back(name);
      in_shard += size;
      total += size;
      parameters += element_count(tensor(name).shape).value();
    }
    std::map<std::string, std::string> weight_map;
    for (std::size_t i = 0; i < shards.size(); ++i) {
      const std::string file = io::shard_name(i, shards.size());
      write_tensors(folder / file, shards[i]);
      for (const std::string& name : shards[i]) weight_map[name] = file;
    }
    if (shards.size() > 1) {
      io::write_text(folder / "model.safetensors.index.json",
                     io::hf_index_text(weight_map, total, parameters), false);
    }
    for (const auto& [name, text] : files_) io::write_text(folder / name, text, false);
  }

  /// A bare .safetensors file.
  void write_file(const std::filesystem::path& path) const { write_tensors(path, natural_names()); }

  /// An HDF5 state dict.
  void write_hdf5(const std::filesystem::path& path) const {
    const io::Hdf5State state = io::create_hdf5_state(path, headers(natural_names()), metadata_);
    const io::File file = io::File::open_to_write(path);
    for (const io::TensorHeader& header : state.tensors) {
      if (header.bytes > 0) file.write_all(header.offset, tensor(header.name).bytes);
    }
  }

 private:
  [[nodiscard]] std::vector<std::string> natural_names() const {
    std::vector<std::string> names;
    for (const auto& [name, unused] : tensors_) names.push_back(name);
    std::sort(names.begin(), names.end(), natural_less);
    return names;
  }
  [[nodiscard]] std::vector<io::TensorHeader> headers(const std::vector<std::string>& names) const {
    std::vector<io::TensorHeader> out;
    for (const std::string& name : names) {
      out.push_back({name, tensor(name).dtype, tensor(name).shape, 0, tensor(name).bytes.size()});
    }
    return out;
  }
  void write_tensors(const std::filesystem::path& path, const std::vector<std::string>& names) const {
    std::map<std::string, std::string> metadata = metadata_;
    metadata.emplace("format", "pt");
    const io::SafetensorsLayout layout = io::canonical_safetensors(headers(names), metadata);
    const io::File file = io::File::open_to_write(path);
    file.resize(layout.file_bytes);
    file.write_all(0, std::as_bytes(std::span(layout.header)));
    for (const io::TensorHeader& header : layout.tensors) {
      file.write_all(header.offset, tensor(header.name).bytes);
    }
  }

  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> files_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace stockpot::test
