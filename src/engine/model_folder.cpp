#include "engine/model_folder.hpp"

#include <fmt/format.h>

#include <map>

#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/companion_files.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/hf_index.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::engine {
namespace {

constexpr std::uint64_t largest_companion_bytes = std::uint64_t{1} << 30;

/// The dtype that most of the output's floating elements have.
std::optional<DType> main_dtype(const std::vector<plan::TensorTask>& tasks) {
  std::map<DType, std::uint64_t> elements;
  for (const plan::TensorTask& task : tasks) {
    if (!task.begins_tensor() || !is_output(task.dtype)) continue;
    elements[task.dtype] += element_count(task.tensor_shape()).value_or(0);
  }
  std::optional<DType> main;
  for (const auto& [dtype, count] : elements) {
    if (!main || count > elements[*main]) main = dtype;
  }
  return main;
}

bool dequantises(const plan::Model& model) {
  for (const checkpoint::TensorView& view : model.views) {
    if (view.is_scaled()) return true;
  }
  return false;
}

/// The model that the tokenizer comes from: the recipe's tokenizer_source, else the config's.
std::uint32_t tokenizer_model(const recipe::Recipe& recipe, const plan::MergePlan& plan,
                              const plan::ModelSet& models) {
  if (recipe.tokenizer_source && *recipe.tokenizer_source != "base") {
    if (const auto model = plan::find_model(models, *recipe.tokenizer_source)) return *model;
  }
  return plan.config_model;
}

std::string index_text(const plan::MergePlan& plan) {
  std::map<std::string, std::string> weight_map;
  for (const plan::TensorTask& task : plan.tasks) {
    if (task.begins_tensor()) weight_map[task.name] = plan.layout.files[task.file].name;
  }
  return io::hf_index_text(weight_map, plan.layout.tensor_bytes, plan.layout.parameters);
}

}  // namespace

std::string model_card(const recipe::Recipe& recipe, const plan::ModelSet& models) {
  std::string references;
  std::string list;
  for (const plan::Model& model : models) {
    const std::string& reference = model.checkpoint.reference;
    references += "- " + quote(reference) + "\n";
    const bool is_base = recipe.base_model && reference == recipe.base_model->text;
    list += fmt::format("* {}{}\n", reference, is_base ? " (base model)" : "");
  }
  return fmt::format(
      "---\nbase_model:\n{}library_name: transformers\ntags:\n- mergekit\n- merge\n- stockpot\n---\n"
      "# Merged model\n\n## Merge Details\n### Merge Method\n\nThis model was merged with the `{}` method "
      "({}).\n\n"
      "### Models Merged\n\n{}\n### Configuration\n\n```yaml\n{}{}```\n",
      references, recipe.method, method::find_method(recipe.method)->schema().summary, list, recipe.text,
      recipe.text.ends_with('\n') ? "" : "\n");
}

TextFiles read_companions(const recipe::Recipe& recipe, const plan::MergePlan& plan,
                          const plan::ModelSet& models, int rank) {
  TextFiles files;
  const auto read = [&](std::uint32_t model, bool tokenizer) {
    const std::filesystem::path& from = models[model].checkpoint.folder;
    if (from.empty() || plan.column_of_model[model] != static_cast<std::uint32_t>(rank)) return;
    for (const checkpoint::CompanionFile& file : checkpoint::companion_files(from)) {
      if ((file.kind == checkpoint::CompanionKind::tokenizer) != tokenizer) continue;
      files.emplace_back(file.name, io::read_text(from / file.name, largest_companion_bytes));
    }
  };
  read(plan.config_model, false);
  read(tokenizer_model(recipe, plan, models), true);
  return files;
}

void write_companions(const std::filesystem::path& folder, const TextFiles& files, bool durable) {
  for (const auto& [name, text] : files) io::write_text(folder / name, text, durable);
}

void write_checkpoint_files(const std::filesystem::path& folder, const plan::MergePlan& plan,
                            const plan::ModelSet& models, bool durable) {
  if (plan.layout.format == plan::OutputFormat::safetensors && plan.layout.files.size() > 1) {
    io::write_text(folder / "model.safetensors.index.json", index_text(plan), durable);
  }
  const plan::Model& main = models[plan.config_model];
  const std::string& config = main.checkpoint.config;
  if (config.empty()) return;
  checkpoint::ConfigChanges changes;
  changes.dtype = main_dtype(plan.tasks);
  changes.layers = plan.output_layers;
  changes.vocabulary = plan.vocabulary;
  changes.dequantised = dequantises(main);
  io::write_text(
      folder / "config.json",
      checkpoint::merged_config(config, changes, (main.checkpoint.folder / "config.json").string()), durable);
}

void write_card(const std::filesystem::path& folder, const recipe::Recipe& recipe,
                const plan::ModelSet& models, bool durable) {
  io::write_text(folder / "README.md", model_card(recipe, models), durable);
  io::write_text(folder / "stockpot_recipe.yml", recipe.text, durable);
}

}  // namespace stockpot::engine
