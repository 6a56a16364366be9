#include "stockpot/plan/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "plan/digest_tasks.hpp"
#include "plan/task_builder.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/plan/layer_stack.hpp"
#include "stockpot/recipe/name_filter.hpp"

namespace stockpot::plan {
namespace {

/// Module of a recipe that a tensor belongs to: the one whose name is its longest prefix; the only one takes
/// everything.
class ModuleMap {
 public:
  explicit ModuleMap(const recipe::Recipe& recipe) : recipe_(recipe) {}

  [[nodiscard]] const recipe::Module* find(const std::string& tensor_name) const {
    if (recipe_.modules.size() == 1) return &recipe_.modules.front();
    const recipe::Module* best = nullptr;
    for (const recipe::Module& module : recipe_.modules) {
      const bool matches = tensor_name == module.name || tensor_name.starts_with(module.name + ".");
      if (matches && (best == nullptr || module.name.size() > best->name.size())) best = &module;
    }
    return best;
  }

 private:
  const recipe::Recipe& recipe_;
};

class Resolver {
 public:
  Resolver(const recipe::Recipe& recipe, const method::Method& method, const ModelSet& models,
           std::optional<DType> dtype, std::uint32_t config_model, BaseReading base)
      : recipe_(recipe),
        method_(method),
        models_(models),
        filter_(recipe.include, recipe.exclude),
        config_model_(config_model),
        base_(base),
        builder_(recipe, method, models, dtype, config_model) {}

  ResolvedMerge run() {
    collect_names();
    for (const recipe::Module& module : recipe_.modules) {
      if (module.slices.empty()) {
        resolve_models(module);
      } else {
        resolve_slices(module);
      }
    }
    keep_excluded();
    ResolvedMerge result = builder_.take();
    if (!layer_sources_.empty()) result.output_layers = layer_sources_;
    std::stable_sort(result.tasks.begin(), result.tasks.end(),
                     [](const TensorTask& a, const TensorTask& b) { return natural_less(a.name, b.name); });
    add_digest_tasks(result.tasks, models_);
    return result;
  }

 private:
  /// Models that a module merges (its anchor included), as indices.
  std::vector<std::uint32_t> models_of_module(const recipe::Module& module) const {
    std::vector<std::uint32_t> indices;
    const auto add = [&](const std::string& name) {
      const auto index = find_model(models_, name);
      if (index && std::find(indices.begin(), indices.end(), *index) == indices.end())
        indices.push_back(*index);
    };
    for (const recipe::ModelEntry& entry : module.models) add(entry.name);
    for (const recipe::Slice& slice : module.slices) {
      for (const recipe::SliceSource& source : slice.sources) add(source.name);
    }
    const bool has_anchor = method_.schema().has_anchor() || recipe_.sparsify;
    if (has_anchor && recipe_.base_model) add(recipe_.base_model->text);
    return indices;
  }

  void collect_names() {
    const ModuleMap map(recipe_);
    for (const recipe::Module& module : recipe_.modules) {
      std::vector<std::string>& names = names_[&module];
      for (const std::uint32_t index : models_of_module(module)) {
        // Views are sorted by name, and most models have the same names.
        std::vector<std::string> more;
        auto known = names.begin();
        for (std::size_t i = 0; i < models_[index].stored_views; ++i) {
          const std::string& name = models_[index].views[i].name;
          while (known != names.end() && *known < name) ++known;
          if (known != names.end() && *known == name) continue;
          const recipe::Module* owner = map.find(name);
          if (owner == nullptr) {
            unowned_.insert(name);
          } else if (owner == &module) {
            more.push_back(name);
          }
        }
        const auto middle = static_cast<std::ptrdiff_t>(names.size());
        std::move(more.begin(), more.end(), std::back_inserter(names));
        std::inplace_merge(names.begin(), names.begin() + middle, names.end());
      }
    }
    for (const std::string& name : unowned_) {
      builder_.recipe_error("tensor " + quote(name),
                            "belongs to no entry of modules: (their names are prefixes of tensor names)");
    }
  }

  /// A tensor that the model which the output follows stores only as an alias of another stays an alias.
  bool is_tied_in_output(const std::string& name) {
    const Model& reference = models_[config_model_];
    if (reference.find_stored(name) || !reference.find(name)) return false;
    builder_.warning(
        "tensor " + quote(name),
        fmt::format("is tied to another tensor in {}; the output keeps it tied and drops the separate copies",
                    quote(reference.name)));
    return true;
  }

  bool merges(const std::string& name) {
    if (filter_.merges(name)) return true;
    excluded_.insert(name);
    return false;
  }

  void resolve_models(const recipe::Module& module) {
    const std::vector<std::string>& names = names_[&module];
    const auto stacks = layer_counts(names);
    std::vector<Contribution> contributions;
    std::optional<Contribution> anchor;
    for (std::size_t source = 0; source < module.models.size(); ++source) {
      const recipe::ModelEntry& entry = module.models[source];
      const std::uint32_t index = find_model(models_, entry.name).value();
      if (!is_anchor(index)) contributions.push_back({index, "", source, entry.examples});
    }
    if (reads_base(contributions)) {
      anchor =
          Contribution{find_model(models_, recipe_.base_model->text).value(), "", std::nullopt, std::nullopt};
    }
    for (const std::string& name : names) {
      if (is_tied_in_output(name) || !merges(name)) continue;
      for (Contribution& contribution : contributions) contribution.tensor_name = name;
      if (anchor) anchor->tensor_name = name;
      builder_.merge(name, contributions, anchor, {&module, nullptr, depth_of(name, stacks)});
    }
  }

  /// True if the base model is an anchor of what these contribute to.
  [[nodiscard]] bool reads_base(const std::vector<Contribution>& contributions) const {
    if (!recipe_.base_model || method_.schema().has_anchor() || recipe_.sparsify) {
      return recipe_.base_model.has_value();
    }
    const auto model = find_model(models_, recipe_.base_model->text);
    return base_ == BaseReading::always &&
           std::none_of(contributions.begin(), contributions.end(),
                        [&](const Contribution& contribution) { return contribution.model == model; });
  }

  [[nodiscard]] bool is_anchor(std::uint32_t model) const {
    return method_.schema().has_anchor() && recipe_.base_model &&
           find_model(models_, recipe_.base_model->text) == model;
  }

  /// The stack of layers that `slices` rearranges: the one with most layers among the module's tensors.
  static std::optional<std::string> main_stack(const std::map<std::string, std::uint64_t>& stacks) {
    const auto longest = std::max_element(stacks.begin(), stacks.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
    if (longest == stacks.end()) return std::nullopt;
    return longest->first;
  }

  void resolve_slices(const recipe::Module& module) {
    const std::vector<std::string>& names = names_[&module];
    const auto stack = main_stack(layer_counts(names));
    if (!stack) {
      builder_.error("slices", "no tensor of the models is in a numbered layer");
      return;
    }
    if (recipe_.sparsify && !method_.schema().has_anchor()) {
      builder_.recipe_error(
          "sparsify", "slices say nothing of the base model's layers unless the method has a use for them",
          "merge the models whole, or with a method that takes a base_model");
      return;
    }
    sliced_stacks_.insert(*stack);
    std::map<std::uint64_t, std::set<std::string>> suffixes_of_layer;
    std::vector<std::string> outside;
    for (const std::string& name : names) {
      const auto parts = split_layer_name(name);
      if (parts && parts->prefix == *stack) {
        suffixes_of_layer[parts->layer].insert(parts->suffix);
      } else {
        outside.push_back(name);
      }
    }
    std::uint64_t output_layer = 0;
    for (const recipe::Slice& slice : module.slices) {
      output_layer = resolve_slice(module, slice, *stack, suffixes_of_layer, output_layer);
    }

    for (const std::string& name : outside) {
      if (is_tied_in_output(name) || !merges(name)) continue;
      const recipe::Slice& slice = precedes_layers(name) ? module.slices.front() : module.slices.back();
      merge_from_slice(
          module, slice, name, [&](const recipe::SliceSource&) { return name; }, 0.0);
    }
  }

  std::uint64_t resolve_slice(const recipe::Module& module, const recipe::Slice& slice,
                              const std::string& stack,
                              const std::map<std::uint64_t, std::set<std::string>>& suffixes_of_layer,
                              std::uint64_t output_layer) {
    const auto layers =
        static_cast<std::uint64_t>(slice.sources.front().end_layer - slice.sources.front().first_layer);
    for (std::uint64_t k = 0; k < layers; ++k, ++output_layer) {
      const double depth = layers == 1 ? 1.0 : static_cast<double>(k) / static_cast<double>(layers - 1);
      std::set<std::string> suffixes;
      for (const recipe::SliceSource& source : slice.sources) {
        const auto found = suffixes_of_layer.find(static_cast<std::uint64_t>(source.first_layer) + k);
        if (found == suffixes_of_layer.end()) {
          builder_.error(
              fmt::format("slices: {} [{}, {})", quote(source.name), source.first_layer, source.end_layer),
              fmt::format("there is no layer {}{}", stack,
                          static_cast<std::uint64_t>(source.first_layer) + k));
          return output_layer + layers - k;
        }
        suffixes.insert(found->second.begin(), found->second.end());
      }
      layer_sources_.push_back(described_layer(slice, k));
      for (const std::string& suffix : suffixes) {
        const std::string name = fmt::format("{}{}{}", stack, output_layer, suffix);
        if (!filter_.merges(name)) {
          builder_.recipe_error("tensor " + quote(name),
                                "exclude: and include: can't leave out a layer of a recipe with slices");
          continue;
        }
        merge_from_slice(
            module, slice, name,
            [&](const recipe::SliceSource& source) {
              return fmt::format("{}{}{}", stack, static_cast<std::uint64_t>(source.first_layer) + k, suffix);
            },
            depth);
      }
    }
    return output_layer;
  }

  /// Layer of the model whose config the output follows (else of the first source) that layer k of a slice is
  /// made of.
  [[nodiscard]] std::uint64_t described_layer(const recipe::Slice& slice, std::uint64_t k) const {
    const auto same = std::find_if(
        slice.sources.begin(), slice.sources.end(),
        [&](const recipe::SliceSource& source) { return find_model(models_, source.name) == config_model_; });
    const recipe::SliceSource& source = same == slice.sources.end() ? slice.sources.front() : *same;
    return static_cast<std::uint64_t>(source.first_layer) + k;
  }

  template <typename SourceName>
  void merge_from_slice(const recipe::Module& module, const recipe::Slice& slice,
                        const std::string& output_name, SourceName source_name, double depth) {
    std::vector<Contribution> contributions;
    std::optional<Contribution> anchor;
    const auto& base = slice.base_model ? slice.base_model : recipe_.base_model;
    for (std::size_t index = 0; index < slice.sources.size(); ++index) {
      const recipe::SliceSource& source = slice.sources[index];
      const Contribution contribution{find_model(models_, source.name).value(), source_name(source), index,
                                      std::nullopt};
      const bool is_base =
          method_.schema().has_anchor() && base && find_model(models_, base->text) == contribution.model;
      if (is_base && !anchor) {
        anchor = contribution;
      } else {
        contributions.push_back(contribution);
      }
    }
    if (method_.schema().needs_base_model && !anchor) {
      builder_.recipe_error(
          "slices", "the base model is not among the sources of every slice, so its layers are unknown",
          "add it to sources: with its layer_range");
      return;
    }
    builder_.merge(output_name, contributions, anchor, {&module, &slice, depth});
  }

  /// Tensors that the method leaves out come from `keep_from`, else the base model, else the first model,
  /// which may have some that no other model has.
  void keep_excluded() {
    std::uint32_t keeper = config_model_;
    if (recipe_.keep_from) {
      const auto named = find_model(models_, *recipe_.keep_from);
      if (!named) {
        builder_.recipe_error("keep_from", "names no model of this recipe: " + quote(*recipe_.keep_from));
        return;
      }
      keeper = *named;
    }
    for (std::size_t i = 0; i < models_[keeper].stored_views; ++i) {
      const std::string& name = models_[keeper].views[i].name;
      if (filter_.merges(name) || excluded_.contains(name) || is_in_sliced_stack(name)) continue;
      if (!is_tied_in_output(name)) excluded_.insert(name);
    }
    for (const std::string& name : excluded_) builder_.copy(name, keeper);
  }

  /// Layers that slices rearrange have other numbers in the output.
  [[nodiscard]] bool is_in_sliced_stack(const std::string& name) const {
    const auto parts = split_layer_name(name);
    return parts && sliced_stacks_.contains(parts->prefix);
  }

  const recipe::Recipe& recipe_;
  const method::Method& method_;
  const ModelSet& models_;
  recipe::NameFilter filter_;
  std::uint32_t config_model_;
  BaseReading base_;
  TaskBuilder builder_;
  std::map<const recipe::Module*, std::vector<std::string>> names_;  ///< sorted
  std::set<std::string> unowned_;
  std::set<std::string> excluded_;
  std::set<std::string> sliced_stacks_;  ///< prefixes of layer names
  std::vector<std::uint64_t> layer_sources_;
};

}  // namespace

ResolvedMerge resolve(const recipe::Recipe& recipe, const method::Method& method, const ModelSet& models,
                      std::optional<DType> dtype, BaseReading base) {
  std::uint32_t config_model = 0;
  if (recipe.base_model) config_model = find_model(models, recipe.base_model->text).value_or(0);
  return Resolver(recipe, method, models, dtype, config_model, base).run();
}

}  // namespace stockpot::plan
