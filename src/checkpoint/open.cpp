#include <algorithm>
#include <cmath>
#include <numeric>
#include <system_error>

#include "checkpoint/tied_names.hpp"
#include "checkpoint/weight_files.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/io/hdf5_state.hpp"
#include "stockpot/io/safetensors.hpp"

namespace stockpot::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_config_bytes = std::uint64_t{16} << 20;

/// Headers of all files, not yet checked against each other.
struct Contents {
  std::vector<StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
};

void add(Contents& contents, std::vector<io::TensorHeader> headers,
         const std::map<std::string, std::string>& metadata, std::uint32_t file) {
  for (io::TensorHeader& header : headers) {
    contents.tensors.push_back(
        {std::move(header.name), header.dtype, std::move(header.shape), file, header.offset, header.bytes});
  }
  contents.metadata.insert(metadata.begin(), metadata.end());
}

Contents read_headers(const WeightFiles& weights, Checkpoint& checkpoint,
                      std::vector<std::string>& warnings) {
  Contents contents;
  for (const fs::path& path : weights.files) {
    std::error_code ignored;
    const fs::file_status status = fs::status(path, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      throw Error{ExitCode::input, "not a regular file", {path.string(), {}}};
    }
    const io::File file = io::File::open_to_read(path);
    const auto number = static_cast<std::uint32_t>(checkpoint.files.size());
    checkpoint.files.push_back({path, io::identify(file)});
    if (weights.hdf5) {
      io::Hdf5State state = io::read_hdf5_state(path);
      add(contents, std::move(state.tensors), state.metadata, number);
    } else {
      io::SafetensorsHeader header = io::read_safetensors_header(file);
      for (const std::string& warning : header.warnings) warnings.push_back(path.string() + ": " + warning);
      add(contents, std::move(header.tensors), header.metadata, number);
    }
  }
  return contents;
}

void refuse_duplicates(const Checkpoint& checkpoint) {
  const auto twice =
      std::adjacent_find(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                         [](const StoredTensor& a, const StoredTensor& b) { return a.name == b.name; });
  if (twice == checkpoint.tensors.end()) return;
  throw Error{ExitCode::input,
              "stands in two files, also in " + checkpoint.files[std::next(twice)->file].path.string(),
              {checkpoint.files[twice->file].path.string(), twice->name}};
}

/// The shards hold exactly what the index says, each tensor where it says. Both are sorted by name.
void check_index(const Checkpoint& checkpoint, const WeightFiles& weights,
                 std::vector<std::string>& warnings) {
  const std::string index = weights.index.string();
  const auto absent = [&index](const auto& entry) {
    throw Error{ExitCode::input,
                "the index says " + quote(entry->second) + ", which does not hold it",
                {index, entry->first}};
  };
  std::vector<std::string> names;
  for (const StoredFile& file : checkpoint.files) names.push_back(file.path.filename().string());
  auto listed = weights.weight_map.begin();
  for (const StoredTensor& tensor : checkpoint.tensors) {
    if (listed != weights.weight_map.end() && listed->first < tensor.name) absent(listed);
    const fs::path& file = checkpoint.files[tensor.file].path;
    if (listed == weights.weight_map.end() || listed->first != tensor.name) {
      throw Error{ExitCode::input,
                  "the index " + index +
                      " does not list it, so loaders would drop it: write the index anew, or "
                      "take the tensor out of the shard",
                  {file.string(), tensor.name}};
    }
    if (names[tensor.file] != listed->second) {
      throw Error{ExitCode::input,
                  "the index says " + quote(listed->second) + ", but it stands in " + file.string(),
                  {index, tensor.name}};
    }
    ++listed;
  }
  if (listed != weights.weight_map.end()) absent(listed);
  const auto total = static_cast<double>(checkpoint.total_bytes());
  if (weights.stated_bytes && !(std::abs(*weights.stated_bytes - total) < 0.5)) {
    warnings.push_back(index + ": total_size is not the size of the tensors, " +
                       std::to_string(checkpoint.total_bytes()));
  }
}

/// Several names of one HDF5 dataset: one is stored, the others are tied to it. A name that models usually
/// leave out is never the stored one.
void tie_shared_datasets(Checkpoint& checkpoint) {
  std::vector<StoredTensor>& tensors = checkpoint.tensors;
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (tensors[a].offset != tensors[b].offset) return tensors[a].offset < tensors[b].offset;
    return is_usually_tied(tensors[a].name) < is_usually_tied(tensors[b].name);
  });
  std::size_t stored = 0;
  std::vector<bool> tied(tensors.size(), false);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const StoredTensor& first = tensors[order[stored]];
    const StoredTensor& next = tensors[order[i]];
    if (next.offset != first.offset || next.bytes == 0 || next.shape != first.shape ||
        next.dtype != first.dtype) {
      stored = i;
      continue;
    }
    tied[order[i]] = true;
    checkpoint.aliases.emplace(next.name, first.name);
  }
  std::vector<StoredTensor> kept;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!tied[i]) kept.push_back(std::move(tensors[i]));
  }
  tensors = std::move(kept);
}

std::string read_config(const fs::path& folder) {
  std::error_code ignored;
  const fs::path path = folder / "config.json";
  if (folder.empty() || !fs::is_regular_file(path, ignored)) return {};
  return io::read_text(path, largest_config_bytes);
}

}  // namespace

Checkpoint open_checkpoint(const fs::path& path, const std::string& reference,
                           std::vector<std::string>& warnings) {
  const WeightFiles weights = find_weight_files(path, warnings);
  Checkpoint checkpoint;
  checkpoint.reference = reference;
  checkpoint.folder = weights.folder;
  Contents contents = read_headers(weights, checkpoint, warnings);
  checkpoint.tensors = std::move(contents.tensors);
  std::stable_sort(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                   [](const StoredTensor& a, const StoredTensor& b) { return a.name < b.name; });
  refuse_duplicates(checkpoint);
  if (!weights.index.empty()) check_index(checkpoint, weights, warnings);
  if (weights.hdf5) tie_shared_datasets(checkpoint);
  checkpoint.config = read_config(checkpoint.folder);
  checkpoint.aliases.merge(find_aliases(checkpoint, contents.metadata));
  return checkpoint;
}

}  // namespace stockpot::checkpoint
