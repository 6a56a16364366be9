#include "method/sparsified_survey.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "method/survey_bundle.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::method {
namespace {

using Parts = std::vector<std::unique_ptr<ElementPass>>;  ///< by model

/// What `work` gives for the tile with every model thinned.
template <typename Work>
auto with_thinned(const Parts& parts, bool sees_anchor, const Tile& tile, Work work) {
  const std::uint64_t covered = tile.before + tile.count + tile.after;
  if (tile.workspace.size() < parts.size() * covered) throw std::logic_error("a tile without its workspace");
  std::vector<kernel::TypedInput> inputs;
  for (std::size_t model = 0; model < parts.size(); ++model) {
    auto* const values = reinterpret_cast<std::byte*>(tile.workspace.data() + model * covered);
    Tile alone;
    alone.first = tile.first - tile.before;
    alone.count = covered;
    alone.inputs = tile.inputs.subspan(model, 1);
    alone.anchor = tile.anchor;
    alone.output = {DType::f64, values};
    parts[model]->apply(alone);
    inputs.push_back({DType::f64, values});
  }
  Tile thinned = tile;
  thinned.inputs = inputs;
  if (!sees_anchor) thinned.anchor = {};
  thinned.workspace = tile.workspace.subspan(parts.size() * covered);
  return work(thinned);
}

class SparsifiedPass : public ElementPass {
 public:
  SparsifiedPass(Parts parts, std::unique_ptr<ElementPass> inner, bool sees_anchor)
      : parts_(std::move(parts)), inner_(std::move(inner)), sees_anchor_(sees_anchor) {}

  [[nodiscard]] kernel::ElementCounts apply(const Tile& tile) const override {
    return with_thinned(parts_, sees_anchor_, tile,
                        [this](const Tile& thinned) { return inner_->apply(thinned); });
  }

 private:
  Parts parts_;
  std::unique_ptr<ElementPass> inner_;
  bool sees_anchor_;
};

/// Which part of a scope a tensor belongs to when each part is a smaller scope; empty: all of it.
std::string part_in(const TensorContext& tensor, recipe::Scope whole, recipe::Scope part) {
  if (part == whole) return {};
  return part == recipe::Scope::layer ? layer_of(tensor.name) : part_of(tensor);
}

class SparsifiedSurvey : public Survey {
 public:
  SparsifiedSurvey(const ScopeContext& scope, const SparsifiedMerge& merge) : merge_(merge), scope_(scope) {
    begin();
  }

  [[nodiscard]] Reading next() const override {
    const Reading thinning = thinning_.next();
    return thinning != Reading::nothing ? thinning : inner_.next();
  }
  [[nodiscard]] std::vector<ElementRange> ranges() const override {
    return is_thinning() ? thinning_.ranges() : inner_.ranges();
  }
  void take(std::size_t tensor, const Tile& tile) override {
    if (is_thinning()) return thinning_.take(tensor, tile);
    if (!inner_.takes(tensor)) return;
    with_thinned(parts_of(tensor), sees_anchor(), tile,
                 [&](const Tile& thinned) { inner_.take(tensor, thinned); });
  }
  [[nodiscard]] std::uint64_t matrix_parts() const override { return inner_.matrix_parts(); }
  void take_matrices(std::uint64_t part, MatrixSource& source) override {
    inner_.take_matrices(part, source);
  }
  void end_round(stats::Reducer& reducer) override {
    if (is_thinning()) {
      thinning_.end_round(reducer);
    } else {
      inner_.end_round(reducer);
    }
  }

  [[nodiscard]] std::vector<std::uint64_t> findings() const override {
    std::vector<std::uint64_t> words;
    if (!thinning_.append_findings(words) || !inner_.append_findings(words)) return {};
    return words;
  }
  bool adopt(std::span<const std::uint64_t> findings) override {
    if (thinning_.adopt(findings) && inner_.adopt(findings) && findings.empty()) return true;
    begin();
    return false;
  }

  [[nodiscard]] std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const override {
    const auto [survey, place] = inner_survey_of(tensor);
    return make_sparsified_pass(parts_of(tensor),
                                survey != nullptr
                                    ? survey->coefficients(place)
                                    : merge_.inner.coefficients(merge_.as_inner_sees(scope_.tensors[tensor])),
                                sees_anchor());
  }
  [[nodiscard]] Diagnostics diagnostics(std::size_t tensor) const override {
    if (inner_.members().empty()) return {};
    if (!reports_by_tensor()) return inner_.members().front().survey->diagnostics(0);
    const auto [survey, place] = inner_survey_of(tensor);
    return survey != nullptr ? survey->diagnostics(place) : Diagnostics{};
  }
  [[nodiscard]] bool reports_by_tensor() const override {
    return merge_.inner_scope(scope_.tensors.front()) != recipe::Scope::model;
  }

 private:
  [[nodiscard]] bool is_thinning() const { return thinning_.next() != Reading::nothing; }
  [[nodiscard]] bool sees_anchor() const { return merge_.inner.schema().has_anchor(); }

  /// Of each part of the scope: its name, and its tensors' numbers.
  using Division = std::map<std::string, std::vector<std::size_t>>;

  void begin() {
    thinning_ = {};
    inner_ = {};
    Division thinned;
    Division surveyed;
    const recipe::Scope thinning_scope = merge_.sparsifier.scope(scope_.tensors.front().semantics);
    for (std::size_t t = 0; t < scope_.tensors.size(); ++t) {
      const TensorContext& tensor = scope_.tensors[t];
      const recipe::Scope whole = merge_.scope_of_survey(tensor);
      if (merge_.sparsifier.needs_survey(tensor)) {
        thinned[part_in(tensor, whole, thinning_scope)].push_back(t);
      }
      if (merge_.inner.needs_survey(merge_.as_inner_sees(tensor))) {
        surveyed[part_in(tensor, whole, merge_.inner_scope(tensor))].push_back(t);
      }
    }
    begin_thinning(thinned, thinning_scope);
    for (const auto& [name, tensors] : surveyed) {
      ScopeContext part = scope_of(name, tensors, merge_.inner_scope(scope_.tensors[tensors.front()]));
      for (TensorContext& tensor : part.tensors) tensor = merge_.as_inner_sees(std::move(tensor));
      part.memory_bytes = scope_.memory_bytes / 2 / surveyed.size();
      inner_.add({merge_.inner.survey(part), tensors, std::nullopt});
    }
  }

  void begin_thinning(const Division& parts, recipe::Scope kind) {
    for (const auto& [name, tensors] : parts) {
      const std::size_t models = scope_.tensors.front().models;
      for (std::size_t model = 0; model < models; ++model) {
        ScopeContext part = scope_of(name, tensors, kind);
        for (TensorContext& tensor : part.tensors) tensor = only_model(tensor, model);
        part.memory_bytes = scope_.memory_bytes / 2 / (parts.size() * models);
        thinning_.add({merge_.sparsifier.survey(part), tensors, model});
      }
    }
  }

  [[nodiscard]] ScopeContext scope_of(const std::string& name, const std::vector<std::size_t>& tensors,
                                      recipe::Scope kind) const {
    ScopeContext part;
    part.kind = kind;
    part.name = name.empty() ? scope_.name : scope_.tensors[tensors.front()].name;
    part.make_store = scope_.make_store;
    for (const std::size_t tensor : tensors) part.tensors.push_back(scope_.tensors[tensor]);
    return part;
  }

  /// Null where the method needs none of the tensor.
  [[nodiscard]] std::pair<const Survey*, std::size_t> inner_survey_of(std::size_t tensor) const {
    for (const SurveyBundle::Member& member : inner_.members()) {
      if (const auto place = SurveyBundle::place_of(member, tensor)) return {member.survey.get(), *place};
    }
    return {nullptr, 0};
  }

  /// @pre the thinning is surveyed
  [[nodiscard]] Parts parts_of(std::size_t tensor) const {
    Parts parts(scope_.tensors[tensor].models);
    for (const SurveyBundle::Member& member : thinning_.members()) {
      const auto place = SurveyBundle::place_of(member, tensor);
      if (place) parts[member.model.value()] = member.survey->coefficients(*place);
    }
    for (std::size_t model = 0; model < parts.size(); ++model) {
      if (!parts[model]) parts[model] = merge_.sparsifier.pass(only_model(scope_.tensors[tensor], model));
    }
    return parts;
  }

  const SparsifiedMerge& merge_;
  ScopeContext scope_;
  SurveyBundle thinning_;
  SurveyBundle inner_;
};

}  // namespace

TensorContext SparsifiedMerge::as_inner_sees(TensorContext tensor) const {
  tensor.has_anchor = tensor.has_anchor && inner.schema().has_anchor();
  tensor.matrices.element_bytes = (tensor.models + (tensor.has_anchor ? 1 : 0)) * sizeof(double);
  return tensor;
}

recipe::Scope SparsifiedMerge::inner_scope(const TensorContext& tensor) const {
  return inner.survey_scope(as_inner_sees(tensor), scope.value_or(inner.default_scope(tensor.semantics)));
}

recipe::Scope SparsifiedMerge::scope_of_survey(const TensorContext& tensor) const {
  static_assert(recipe::Scope::tensor < recipe::Scope::layer && recipe::Scope::layer < recipe::Scope::model);
  return std::max(inner_scope(tensor), sparsifier.scope(tensor.semantics));
}

SurveyCost SparsifiedMerge::survey_cost(const TensorContext& tensor) const {
  SurveyCost total{.passes = 0};
  const recipe::Scope whole = scope_of_survey(tensor);
  const auto add = [&](const SurveyCost& cost, recipe::Scope own) {
    total.passes += cost.passes;
    total.samples += cost.samples;
    total.memory_bytes += cost.memory_bytes;
    total.needed_bytes += cost.needed_bytes;
    total.needed_bytes_per_element += cost.needed_bytes_per_element;
    total.needed_bytes_per_lane += cost.needed_bytes_per_lane;
    total.kept_bytes_per_element += cost.kept_bytes_per_element;
    total.scratch_bytes += cost.scratch_bytes;
    for (Reduction reduction : cost.reductions) {
      if (reduction.part.empty()) reduction.part = part_in(tensor, whole, own);
      total.reductions.push_back(std::move(reduction));
    }
  };
  if (sparsifier.needs_survey(tensor)) {
    add(sparsifier.survey_cost(tensor), sparsifier.scope(tensor.semantics));
  }
  const TensorContext inner_tensor = as_inner_sees(tensor);
  if (inner.needs_survey(inner_tensor)) add(inner.survey_cost(inner_tensor), inner_scope(tensor));
  return total;
}

std::unique_ptr<ElementPass> make_sparsified_pass(std::vector<std::unique_ptr<ElementPass>> parts,
                                                  std::unique_ptr<ElementPass> inner, bool sees_anchor) {
  return std::make_unique<SparsifiedPass>(std::move(parts), std::move(inner), sees_anchor);
}

std::unique_ptr<Survey> make_sparsified_survey(const ScopeContext& scope, const SparsifiedMerge& merge) {
  return std::make_unique<SparsifiedSurvey>(scope, merge);
}

}  // namespace stockpot::method
