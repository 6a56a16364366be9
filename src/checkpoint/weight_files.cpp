#include "checkpoint/weight_files.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "checkpoint/unreadable_formats.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/hf_index.hpp"

namespace stockpot::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view single_name = "model.safetensors";
constexpr std::string_view index_name = "model.safetensors.index.json";

[[noreturn]] void refuse(const fs::path& file, const std::string& message) {
  throw Error{ExitCode::input, message, {file.string(), {}}};
}

bool is_hdf5_name(std::string_view name) {
  return name.ends_with(".h5") || name.ends_with(".hdf5");
}

/// Names in a folder, sorted; hidden files are no part of a model.
std::vector<std::string> list_names(const fs::path& folder) {
  std::error_code failure;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code ignored;
    std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && !entry->is_directory(ignored)) names.push_back(std::move(name));
  }
  if (failure) refuse(folder, "can't list this folder: " + failure.message());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> select(const std::vector<std::string>& names, bool (*wanted)(std::string_view)) {
  std::vector<std::string> selected;
  std::copy_if(names.begin(), names.end(), std::back_inserter(selected), wanted);
  return selected;
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) {
    text += (i == 0 ? "" : ", ") + quote(names[i]);
  }
  return names.size() > shown ? text + " and " + std::to_string(names.size() - shown) + " more" : text;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void read_index(WeightFiles& weights, const std::string& name) {
  weights.index = weights.folder / name;
  const std::string text = io::read_text(weights.index, io::hf_index_limit_bytes);
  io::HfIndex index = io::parse_hf_index(text, weights.index.string());
  weights.weight_map = std::move(index.weight_map);
  weights.stated_bytes = index.total_bytes;
  if (weights.weight_map.empty()) refuse(weights.index, "the index lists no tensor");

  std::set<std::string> shards;
  for (const auto& [tensor, file] : weights.weight_map) shards.insert(file);
  std::vector<std::string> missing;
  for (const std::string& shard : shards) {
    std::error_code ignored;
    if (!fs::is_regular_file(weights.folder / shard, ignored)) missing.push_back(shard);
    weights.files.push_back(weights.folder / shard);
  }
  if (!missing.empty()) {
    refuse(weights.index, std::to_string(missing.size()) + " of " + std::to_string(shards.size()) +
                              " files of the index are missing: " + joined(missing));
  }
}

/// The index to follow, if the folder has one.
std::optional<std::string> choose_index(const fs::path& folder, const std::vector<std::string>& names) {
  if (contains(names, index_name)) return std::string(index_name);
  if (contains(names, single_name)) return std::nullopt;
  const std::vector<std::string> indices =
      select(names, [](std::string_view name) { return name.ends_with(".safetensors.index.json"); });
  if (indices.size() > 1)
    refuse(folder, "several indices, none is " + std::string(index_name) + ": " + joined(indices));
  return indices.empty() ? std::nullopt : std::optional(indices.front());
}

/// Shards beside the index that it does not name: maybe a stale index.
void warn_of_strays(const WeightFiles& weights, const std::vector<std::string>& names,
                    std::vector<std::string>& warnings) {
  std::vector<std::string> strays;
  for (const std::string& name : names) {
    const bool shard = name.ends_with(".safetensors") && name.find("-of-") != std::string::npos;
    if ((shard || name == single_name) &&
        std::find(weights.files.begin(), weights.files.end(), weights.folder / name) == weights.files.end()) {
      strays.push_back(name);
    }
  }
  if (!strays.empty()) {
    warnings.push_back(weights.index.string() +
                       ": files that the index does not name are ignored: " + joined(strays));
  }
}

WeightFiles in_folder(const fs::path& folder, std::vector<std::string>& warnings) {
  WeightFiles weights;
  weights.folder = folder;
  const std::vector<std::string> names = list_names(folder);
  if (const std::optional<std::string> index = choose_index(folder, names)) {
    read_index(weights, *index);
    warn_of_strays(weights, names, warnings);
    return weights;
  }
  if (contains(names, single_name)) {
    weights.files.push_back(folder / single_name);
    return weights;
  }
  const std::vector<std::string> tensors = select(names, [](std::string_view name) {
    return name.ends_with(".safetensors") && name != adapter_weights_name;
  });
  if (tensors.size() > 1) {
    refuse(folder, std::to_string(tensors.size()) + " safetensors files without an index (" +
                       joined(tensors) + "): name one of them, or add the " + std::string(index_name) +
                       " that belongs to them");
  }
  const std::vector<std::string> states = select(
      names, [](std::string_view name) { return is_hdf5_name(name) && name != tensorflow_weights_name; });
  if (tensors.empty() && states.size() > 1) {
    refuse(folder, "several HDF5 files (" + joined(states) + "): name one of them");
  }
  if (tensors.empty() && states.empty()) refuse_unreadable_folder(folder, names);
  weights.hdf5 = tensors.empty();
  weights.files.push_back(folder / (weights.hdf5 ? states : tensors).front());
  return weights;
}

}  // namespace

WeightFiles find_weight_files(const fs::path& path, std::vector<std::string>& warnings) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (status.type() == fs::file_type::not_found) refuse(path, "no such file or folder");
  if (status.type() == fs::file_type::none) refuse(path, "can't be looked at: " + failure.message());
  if (fs::is_directory(status)) return in_folder(path, warnings);

  const std::string name = path.filename().string();
  refuse_unreadable_file(path);
  if (!name.ends_with(".safetensors") && !is_hdf5_name(name)) {
    refuse(path, "not a checkpoint: expected a folder, a .safetensors or an .h5 file");
  }
  WeightFiles weights;
  weights.hdf5 = is_hdf5_name(name);
  weights.files.push_back(path);
  return weights;
}

}  // namespace stockpot::checkpoint
