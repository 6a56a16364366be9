#include "floor.hpp"

#include <algorithm>

#include <yaml-cpp/yaml.h>

#include "child_process.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::bench {

namespace fs = std::filesystem;

namespace {

/// Values of every `model` and `base_model` key, at any depth, each once, in order.
void collect_models(const YAML::Node& node, std::vector<std::string>& models) {
  if (node.IsSequence()) {
    for (const auto& item : node) collect_models(item, models);
  }
  if (!node.IsMap()) return;
  for (const auto& item : node) {
    const auto key = item.first.as<std::string>();
    if ((key == "model" || key == "base_model") && item.second.IsScalar()) {
      const auto model = item.second.as<std::string>();
      if (std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
    } else {
      collect_models(item.second, models);
    }
  }
}

bool is_weight_file(const fs::path& path) {
  return path.extension() == ".safetensors" || path.extension() == ".h5";
}

std::vector<std::string> weight_files(const fs::path& model) {
  if (fs::is_regular_file(model)) return {model.string()};
  std::vector<std::string> files;
  if (fs::is_directory(model)) {
    for (const auto& entry : fs::directory_iterator(model)) {
      if (is_weight_file(entry.path())) files.push_back(entry.path().string());
    }
  }
  if (files.empty()) throw Error(ExitCode::usage, "no weight files", {.file = model.string(), .tensor = ""});
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<std::string> Inputs::all_files() const {
  std::vector<std::string> files;
  for (const auto& model : models) files.insert(files.end(), model.begin(), model.end());
  return files;
}

std::uint64_t Inputs::total_bytes() const {
  std::uint64_t bytes = 0;
  for (const std::string& file : all_files()) bytes += fs::file_size(file);
  return bytes;
}

Inputs inputs_of_recipe(const fs::path& recipe) {
  std::vector<std::string> models;
  try {
    collect_models(YAML::LoadFile(recipe.string()), models);
  } catch (const YAML::Exception& error) {
    throw Error(ExitCode::usage, error.what(), {.file = recipe.string(), .tensor = ""});
  }
  if (models.empty()) throw Error(ExitCode::usage, "names no model", {.file = recipe.string(), .tensor = ""});
  Inputs inputs;
  for (const std::string& model : models) inputs.models.push_back(weight_files(model));
  return inputs;
}

double measure_floor(const Inputs& inputs, bool sync, const fs::path& scratch) {
  std::vector<std::string> read = inputs.all_files();
  read.insert(read.begin(), "cat");
  const fs::path copy = scratch / "floor-copy";
  fs::remove_all(copy);
  fs::create_directories(copy);
  std::vector<std::string> write = {"cp", "--reflink=never", "-t", copy.string()};
  write.insert(write.end(), inputs.models[0].begin(), inputs.models[0].end());

  double seconds = run_checked(read, "/dev/null") + run_checked(write, "/dev/null");
  if (sync) seconds += run_checked({"sync"}, "/dev/null");
  fs::remove_all(copy);
  return seconds;
}

void write_and_delete_copy(const fs::path& folder, const fs::path& scratch) {
  const fs::path copy = scratch / "throw-away";
  fs::remove_all(copy);
  run_checked({"cp", "-r", "--reflink=never", folder.string(), copy.string()}, "/dev/null");
  fs::remove_all(copy);
}

}  // namespace stockpot::bench
