#include "soup/learned_recipe.hpp"

#include "stockpot/base/error.hpp"
#include "stockpot/plan/resolve.hpp"

namespace stockpot::soup {
namespace {

void check(const recipe::Recipe& recipe) {
  const auto refuse = [](bool is_wrong, const char* why) {
    if (is_wrong) throw Error(ExitCode::usage, std::string("a learned soup ") + why);
  };
  refuse(recipe.modules.size() != 1 || !recipe.modules.front().slices.empty(),
         "takes one plain list of models: no slices and no modules");
  refuse(recipe.sparsify.has_value(), "takes the models as they are: no `sparsify:`");
  refuse(recipe.vocabulary != recipe::VocabularyPolicy::error,
         "takes tensors of one shape: no `vocabulary:`");
  refuse(recipe.evaluate->probe.empty(), "needs gradients: `evaluate: {probe: mlp, data: FILE}`");
}

}  // namespace

LearnedRecipe::LearnedRecipe(const engine::LoadedRecipe& loaded, std::optional<DType> dtype)
    : recipe_(loaded.recipe) {
  check(recipe_);
  const plan::ResolvedMerge resolved = plan::resolve(recipe_, *loaded.method, loaded.models, dtype);
  engine::raise_problems(resolved.problems, resolved.code, "the models don't fit together", {});
  for (const plan::TensorTask& task : resolved.tasks) {
    if (!task.writes()) continue;
    elements_ += element_count(task.shape).value();
    if (task.kind == plan::TaskKind::merge) tensors_.push_back(task.name);
  }
  if (tensors_.empty()) throw Error(ExitCode::usage, "no tensor is made of all models: nothing to learn");
}

std::size_t LearnedRecipe::models() const {
  return recipe_.modules.front().models.size();
}

engine::Variant LearnedRecipe::with(const method::CoefficientTable& coefficients) const {
  return {recipe_, method::make_combination(coefficients)};
}

engine::Variant LearnedRecipe::of_model(std::size_t model) const {
  std::vector<double> alone(models(), 0.0);
  alone.at(model) = 1.0;
  method::CoefficientTable coefficients;
  for (const std::string& tensor : tensors_) coefficients[tensor] = alone;
  return with(coefficients);
}

}  // namespace stockpot::soup
