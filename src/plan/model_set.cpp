#include "stockpot/plan/model_set.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace stockpot::plan {

namespace {

using ViewIterator = std::vector<checkpoint::TensorView>::const_iterator;

std::optional<std::uint32_t> find_in(const Model& model, ViewIterator begin, ViewIterator end,
                                     std::string_view name) {
  const auto found = std::lower_bound(
      begin, end, name,
      [](const checkpoint::TensorView& view, std::string_view wanted) { return view.name < wanted; });
  if (found == end || found->name != name) return std::nullopt;
  return static_cast<std::uint32_t>(found - model.views.begin());
}

/// Of each entry of `models:` that names a file of them; the name stays the model's, whose tensors they
/// follow.
void add_statistics(std::vector<ModelUse>& uses, const recipe::Recipe& recipe) {
  for (const recipe::Module& module : recipe.modules) {
    for (const recipe::ModelEntry& entry : module.models) {
      if (entry.statistics.empty()) continue;
      const auto model =
          std::find_if(uses.begin(), uses.end(), [&](const ModelUse& use) { return use.name == entry.name; });
      const auto index = static_cast<std::uint32_t>(model - uses.begin());
      const bool is_known = std::any_of(uses.begin(), uses.end(), [&](const ModelUse& use) {
        return use.statistics_of == index && use.reference.text == entry.statistics;
      });
      if (is_known) continue;
      recipe::ModelReference reference;
      reference.text = entry.statistics;
      reference.path = entry.statistics;
      uses.push_back({entry.name, std::move(reference), index});
    }
  }
}

template <typename Models>
std::size_t count_checkpoints(const Models& models) {
  return static_cast<std::size_t>(std::count_if(
      models.begin(), models.end(), [](const auto& model) { return !model.statistics_of.has_value(); }));
}

/// Statistics stand behind all checkpoints.
template <typename Models>
std::vector<std::uint32_t> columns_of(const Models& models, std::uint64_t columns) {
  const std::size_t checkpoints = count_checkpoints(models);
  std::vector<std::uint32_t> column_of_model;
  for (const auto& model : models) {
    column_of_model.push_back(
        model.statistics_of ? column_of_model[*model.statistics_of]
                            : static_cast<std::uint32_t>(column_of_model.size() * columns / checkpoints));
  }
  return column_of_model;
}

}  // namespace

Model make_model(const ModelUse& use, checkpoint::Checkpoint checkpoint,
                 const std::vector<recipe::NameRule>& rules) {
  Model model{use.name, std::move(checkpoint), {}, 0, use.statistics_of};
  model.views = checkpoint::make_views(model.checkpoint, rules, model.name);
  model.stored_views = model.views.size();
  auto tied = checkpoint::make_tied_views(model.checkpoint, rules, model.name);
  model.views.insert(model.views.end(), std::make_move_iterator(tied.begin()),
                     std::make_move_iterator(tied.end()));
  return model;
}

std::optional<std::uint32_t> Model::find_stored(std::string_view tensor_name) const {
  return find_in(*this, views.begin(), views.begin() + static_cast<std::ptrdiff_t>(stored_views),
                 tensor_name);
}

std::optional<std::uint32_t> Model::find(std::string_view tensor_name) const {
  if (const auto stored = find_stored(tensor_name)) return stored;
  return find_in(*this, views.begin() + static_cast<std::ptrdiff_t>(stored_views), views.end(), tensor_name);
}

std::vector<ModelUse> models_of(const recipe::Recipe& recipe) {
  std::vector<ModelUse> uses;
  std::set<std::string> seen_names;
  std::set<std::string> seen_references;
  const auto use = [&](const std::string& name, const recipe::ModelReference& reference) {
    seen_references.insert(reference.text);
    if (seen_names.insert(name).second) uses.push_back({name, reference, std::nullopt});
  };
  const auto use_base = [&](const std::optional<recipe::ModelReference>& base) {
    if (base && !seen_references.contains(base->text)) use(base->text, *base);
  };
  for (const recipe::Module& module : recipe.modules) {
    for (const recipe::ModelEntry& entry : module.models) use(entry.name, entry.reference);
    for (const recipe::Slice& slice : module.slices) {
      for (const recipe::SliceSource& source : slice.sources) use(source.name, source.reference);
    }
  }
  for (const recipe::Module& module : recipe.modules) {
    for (const recipe::Slice& slice : module.slices) use_base(slice.base_model);
  }
  use_base(recipe.base_model);
  add_statistics(uses, recipe);
  return uses;
}

ModelSet used_models(const ModelSet& models, const recipe::Recipe& recipe) {
  const std::optional<std::uint32_t> base =
      recipe.base_model ? find_model(models, recipe.base_model->text) : std::nullopt;
  std::set<std::uint32_t> used{base.value_or(0)};
  const auto use = [&](const std::string& name) {
    if (const auto index = find_model(models, name)) used.insert(*index);
  };
  for (const ModelUse& one : models_of(recipe)) use(one.name);
  if (recipe.keep_from) use(*recipe.keep_from);
  if (recipe.tokenizer_source) use(*recipe.tokenizer_source);

  ModelSet result;
  std::map<std::uint32_t, std::uint32_t> index_of;
  for (std::uint32_t i = 0; i < models.size(); ++i) {
    const std::optional<std::uint32_t>& owner = models[i].statistics_of;
    if (!used.contains(owner.value_or(i))) continue;
    index_of[i] = static_cast<std::uint32_t>(result.size());
    result.push_back(models[i]);
    if (owner) result.back().statistics_of = index_of.at(*owner);
  }
  return result;
}

std::size_t checkpoint_count(const std::vector<ModelUse>& uses) {
  return count_checkpoints(uses);
}

std::size_t checkpoint_count(const ModelSet& models) {
  return count_checkpoints(models);
}

std::vector<std::uint32_t> columns_of_models(const std::vector<ModelUse>& uses, std::uint64_t columns) {
  return columns_of(uses, columns);
}

std::vector<std::uint32_t> columns_of_models(const ModelSet& models, std::uint64_t columns) {
  return columns_of(models, columns);
}

std::optional<std::uint32_t> find_model(const ModelSet& models, std::string_view name_or_reference) {
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].statistics_of) continue;
    if (models[i].name == name_or_reference) return static_cast<std::uint32_t>(i);
  }
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (models[i].statistics_of) continue;
    if (models[i].checkpoint.reference == name_or_reference) return static_cast<std::uint32_t>(i);
  }
  return std::nullopt;
}

}  // namespace stockpot::plan
