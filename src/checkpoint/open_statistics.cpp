#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::checkpoint {
namespace {

constexpr std::uint64_t known_version = 1;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& message) {
  throw Error(ExitCode::input, message, {path.string(), ""});
}

void check_root(const std::filesystem::path& path, const io::Hdf5State& state) {
  const auto version = state.numbers.find("format_version");
  if (version == state.numbers.end()) {
    refuse(path, "has no attribute format_version: is no statistics file");
  }
  if (version->second < 1 || version->second > known_version) {
    refuse(path, fmt::format("format_version is {}; this version reads {}", version->second, known_version));
  }
  const auto digest = state.metadata.find("model_digest");
  if (digest == state.metadata.end() || digest->second.empty()) {
    refuse(path, "has no attribute model_digest, so it can't be told whose statistics these are");
  }
}

}  // namespace

Checkpoint open_statistics(const std::filesystem::path& path, const std::string& reference) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure)) {
    refuse(path, failure ? failure.message() : "is no file: statistics stand in an HDF5 file");
  }
  Checkpoint checkpoint;
  checkpoint.reference = reference;
  checkpoint.files.push_back({path, io::identify(io::File::open_to_read(path))});
  io::Hdf5State state = io::read_hdf5_group(path, "fisher");
  check_root(path, state);
  checkpoint.statistics_digest = state.metadata.at("model_digest");
  for (io::TensorHeader& tensor : state.tensors) {
    if (tensor.dtype != DType::f32 && tensor.dtype != DType::f64) {
      throw Error(ExitCode::input, fmt::format("Fisher values are {}, not F32 or F64", name(tensor.dtype)),
                  {path.string(), "/fisher/" + tensor.name});
    }
    checkpoint.tensors.push_back(
        {std::move(tensor.name), tensor.dtype, std::move(tensor.shape), 0, tensor.offset, tensor.bytes});
  }
  return checkpoint;
}

}  // namespace stockpot::checkpoint
