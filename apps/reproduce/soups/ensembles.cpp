// E7: averages of weights against ensembles of logits and of features, of models with one anchor and of
// models with their own initialisations; averages of models whose parameters were multiplied before.
#include <fmt/format.h>

#include "merging.hpp"
#include "soups/feature_ensemble.hpp"
#include "soups/recipes.hpp"
#include "soups/study.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::size_t ensemble_models = 5;

void add_setting(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, Pool pool,
                 const std::string& setting, SoupStudy& study) {
  const Paths models = seed.models(pool, 0, ensemble_models);
  const std::filesystem::path average = seed.merged(fmt::format("average-{}", name(pool)));
  merge(world, seed.seed, average_recipe(models), average);
  std::vector<Subject> subjects{model_subject(average), logits_subject(models),
                                features_subject(models, Head::first), features_subject(models, Head::mean)};
  for (const std::filesystem::path& model : models) subjects.push_back(model_subject(model));
  const std::vector<Accuracy> accuracies = judge(world, sets, subjects);
  study.results.add("E7", "single", setting, "id", mean({accuracies.begin() + 4, accuracies.end()}).id);
  study.results.add("E7", "weights", setting, "id", accuracies[0].id);
  study.results.add("E7", "logits", setting, "id", accuracies[1].id);
  study.results.add("E7", "features", setting, "id", accuracies[2].id);
  study.other_numbers.add("E7 more", "features, mean head", setting, "id", accuracies[3].id);
}

}  // namespace

void add_ensembles(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, SoupStudy& study) {
  add_setting(world, seed, sets, Pool::alike, "anchor=same", study);
  add_setting(world, seed, sets, Pool::independent, "anchor=independent", study);
  for (const double scale : {0.1, 1.0, 10.0, 100.0}) {
    const std::string setting = fmt::format("scale={}", scale);
    const std::filesystem::path out = seed.merged("average-" + setting);
    merge(world, seed.seed, scaled_average_recipe(seed.models(Pool::alike, 0, ensemble_models), scale), out);
    study.results.add("E7", "weights", setting, "id", judge(world, sets, {model_subject(out)}).front().id);
  }
}

}  // namespace stockpot::reproduce
