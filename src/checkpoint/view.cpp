#include "stockpot/checkpoint/view.hpp"

#include <limits>

#include "checkpoint/name_rules.hpp"
#include "checkpoint/quantization.hpp"
#include "checkpoint/view_algebra.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::checkpoint {
namespace {

/// All views, stored and tied, after the rules.
std::vector<NamedView> named_views(const Checkpoint& checkpoint, const std::vector<recipe::NameRule>& rules,
                                   const std::string& model_name) {
  if (checkpoint.tensors.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error{ExitCode::input, "too many tensors", {checkpoint.reference, {}}};
  }
  const FoldedScales scales = fold_scales(checkpoint);
  std::vector<NamedView> views;
  views.reserve(checkpoint.tensors.size());
  for (std::uint32_t i = 0; i < checkpoint.tensors.size(); ++i) {
    if (scales.is_scale[i]) continue;
    views.push_back({whole_view(checkpoint, i, scales.scale_of[i]), checkpoint.tensors[i].name, false});
  }
  for (const auto& [alias, name] : checkpoint.aliases) {
    const StoredTensor* stored = checkpoint.find(name);
    if (stored == nullptr) continue;
    const auto index = static_cast<std::uint32_t>(stored - checkpoint.tensors.data());
    views.push_back({whole_view(checkpoint, index, scales.scale_of[index]), name, true});
    views.back().view.name = alias;
  }
  return apply_rules(checkpoint, std::move(views), rules, model_name);
}

std::vector<TensorView> select(std::vector<NamedView> views, bool tied) {
  std::vector<TensorView> selected;
  selected.reserve(views.size());
  for (NamedView& named : views) {
    if (named.tied == tied) selected.push_back(std::move(named.view));
  }
  return selected;
}

}  // namespace

std::uint64_t TensorView::elements() const {
  return element_count(shape).value_or(0);
}

std::vector<TensorView> make_views(const Checkpoint& checkpoint, const std::vector<recipe::NameRule>& rules,
                                   const std::string& model_name) {
  return select(named_views(checkpoint, rules, model_name), false);
}

std::vector<TensorView> make_tied_views(const Checkpoint& checkpoint,
                                        const std::vector<recipe::NameRule>& rules,
                                        const std::string& model_name) {
  if (checkpoint.aliases.empty()) return {};
  return select(named_views(checkpoint, rules, model_name), true);
}

}  // namespace stockpot::checkpoint
