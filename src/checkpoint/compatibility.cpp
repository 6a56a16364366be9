#include "stockpot/checkpoint/compatibility.hpp"

#include <algorithm>
#include <map>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::checkpoint {
namespace {

using recipe::Problem;
using recipe::Severity;

struct NaturalOrder {
  bool operator()(std::string_view a, std::string_view b) const { return natural_less(a, b); }
};

/// By model; nullptr where a model lacks the tensor.
using Holders = std::vector<const TensorView*>;
using Table = std::map<std::string_view, Holders, NaturalOrder>;

std::string file_of(const TensorSource& source) {
  const StoredTensor& tensor = source.checkpoint->tensors[source.view->parts.front().tensor];
  return source.checkpoint->files[tensor.file].path.string();
}

DType stored_dtype(const TensorSource& source) {
  return source.checkpoint->tensors[source.view->parts.front().tensor].dtype;
}

std::string described(const TensorSource& source) {
  return std::string(name(stored_dtype(source))) + " " + to_string(source.view->shape) + " in " +
         file_of(source);
}

Problem error_about(std::string_view tensor, std::string message, std::string suggestion) {
  return {Severity::error, "tensor " + quote(tensor), std::move(message), std::move(suggestion)};
}

/// First few references, and how many more.
std::string list(const std::vector<std::string>& references) {
  constexpr std::size_t shown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(references.size(), shown); ++i) {
    text += (i == 0 ? "" : ", ") + references[i];
  }
  return references.size() > shown ? text + " and " + std::to_string(references.size() - shown) + " more"
                                   : text;
}

Problem missing_somewhere(std::string_view tensor, std::span<const ModelTensors> models,
                          const Holders& holders) {
  std::vector<std::string> with;
  std::vector<std::string> without;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (holders[i] == nullptr) {
      without.push_back(models[i].checkpoint->reference);
    } else {
      with.push_back(models[i].checkpoint->reference + " (" + file_of({models[i].checkpoint, holders[i]}) +
                     ")");
    }
  }
  return error_about(tensor, "stands in " + list(with) + " but not in " + list(without),
                     "map its name with `names:`, or leave it out of the merge with `exclude:`");
}

bool shapes_agree(const Shape& a, const Shape& b, bool rows_may_differ) {
  if (a == b) return true;
  return rows_may_differ && a.size() == b.size() && !a.empty() &&
         std::equal(a.begin() + 1, a.end(), b.begin() + 1);
}

/// nullopt if `other` merges with `first`.
std::optional<Problem> compare_pair(const std::string& name, const TensorSource& first,
                                    const TensorSource& other, bool rows_may_differ) {
  const std::string both = described(first) + " but " + described(other);
  if (!shapes_agree(first.view->shape, other.view->shape, rows_may_differ)) {
    const bool vocabulary =
        is_vocabulary_tensor(name) && shapes_agree(first.view->shape, other.view->shape, true);
    return error_about(name, "different shapes: " + both,
                       vocabulary ? "`vocabulary: common` or `pad` merges what the models share"
                                  : "leave it out of the merge with `exclude:`");
  }
  const DType a = first.view->dtype;
  const DType b = other.view->dtype;
  if (a != b && (is_integer(a) || is_integer(b))) {
    return error_about(name, "integers merge with their own type only: " + both,
                       "leave it out of the merge with `exclude:`");
  }
  return std::nullopt;
}

Table gather(std::span<const ModelTensors> models) {
  Table table;
  for (std::size_t i = 0; i < models.size(); ++i) {
    for (const TensorView& view : models[i].views) {
      Holders& holders = table[view.name];
      holders.resize(models.size());
      holders[i] = &view;
    }
  }
  // A tied name counts only where another model stores it.
  for (std::size_t i = 0; i < models.size(); ++i) {
    for (const TensorView& view : models[i].tied) {
      const auto row = table.find(view.name);
      if (row != table.end() && row->second[i] == nullptr) row->second[i] = &view;
    }
  }
  return table;
}

std::optional<Problem> compare_row(std::string_view tensor, std::span<const ModelTensors> models,
                                   const Holders& holders, recipe::VocabularyPolicy vocabulary) {
  if (std::find(holders.begin(), holders.end(), nullptr) != holders.end()) {
    return missing_somewhere(tensor, models, holders);
  }
  std::vector<TensorSource> sources;
  for (std::size_t i = 0; i < models.size(); ++i) sources.push_back({models[i].checkpoint, holders[i]});
  return compare_sources(std::string(tensor), sources, vocabulary);
}

}  // namespace

std::optional<Problem> compare_sources(const std::string& name, std::span<const TensorSource> sources,
                                       recipe::VocabularyPolicy vocabulary) {
  if (sources.size() < 2) return std::nullopt;
  const bool rows_may_differ = vocabulary != recipe::VocabularyPolicy::error && is_vocabulary_tensor(name);
  for (const TensorSource& source : sources) {
    if (is_mergeable(source.view->dtype) || is_integer(source.view->dtype)) continue;
    return error_about(name,
                       "type " + std::string(stockpot::name(source.view->dtype)) +
                           " can be copied but not merged: " + described(source),
                       "leave it out of the merge with `exclude:`");
  }
  for (const TensorSource& other : sources.subspan(1)) {
    if (auto problem = compare_pair(name, sources.front(), other, rows_may_differ)) return problem;
  }
  return std::nullopt;
}

std::vector<Problem> compare_models(std::span<const ModelTensors> models,
                                    const CompatibilityOptions& options) {
  std::vector<Problem> problems;
  if (models.size() < 2) return problems;
  std::size_t unshown = 0;
  for (const auto& [tensor, holders] : gather(models)) {
    if (options.merges && !options.merges(tensor)) continue;
    std::optional<Problem> problem = compare_row(tensor, models, holders, options.vocabulary);
    if (!problem) continue;
    if (problems.size() < options.shown_tensors) {
      problems.push_back(std::move(*problem));
    } else {
      ++unshown;
    }
  }
  if (unshown > 0) {
    problems.push_back({Severity::error, "models",
                        "and " + std::to_string(unshown) + " more tensors that do not match", ""});
  }
  return problems;
}

}  // namespace stockpot::checkpoint
