// E2 and E6: soups of models that were fine-tuned with different hyperparameters, searched on validation
// images and judged in and out of distribution.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "merging.hpp"
#include "soups/recipes.hpp"
#include "soups/study.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/soup/soup_job.hpp"

namespace stockpot::reproduce {
namespace {

/// A search of `stockpot soup`.
struct Searched {
  std::string_view name;
  std::string_view method;
  std::string_view search;
};

/// The learned soups take about as many steps as there are in five epochs of the authors' batches of a
/// twentieth of the data.
constexpr std::array<Searched, 5> searched{
    {{.name = "uniform", .method = "uniform_soup", .search = ""},
     {.name = "greedy", .method = "greedy_soup", .search = ""},
     {.name = "greedy_ge", .method = "greedy_soup", .search = "accept: \">=\""},
     {.name = "learned", .method = "learned_soup", .search = "scope: tensor, epochs: 5, batch_size: 16"},
     {.name = "learned_model",
      .method = "learned_soup",
      .search = "scope: model, epochs: 5, batch_size: 16"}}};
constexpr std::size_t e2_methods = 3;  ///< of the rows, in order

struct NamedAccuracy {
  std::string method;
  Accuracy accuracy;
};

/// Of equal ones the last, as a greedy search begins.
std::size_t best_on_validation(const std::vector<Accuracy>& models) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < models.size(); ++i) {
    if (models[i].validation >= models[best].validation) best = i;
  }
  return best;
}

/// Collective. Accuracy of what the search left; throws unless that is what the search said of it.
NamedAccuracy run_search(comm::Communicator& world, const SoupCase& seed, const TestSets& sets,
                         const Searched& which) {
  const std::filesystem::path out = seed.merged(std::string(which.name));
  const std::string recipe = soup_recipe(which.method, seed.models(Pool::varied, size(Pool::varied)),
                                         std::string(which.search), seed.validation_data());
  const soup::SoupSummary summary =
      soup::run_soup(world, place_recipe(world, recipe, out), job_options(world, seed.seed, out));
  const Accuracy accuracy = judge(world, sets, {model_subject(out)}).front();
  constexpr double rounding = 1e-9;
  if (!summary.score || std::abs(*summary.score - accuracy.validation) > rounding) {
    throw Error(
        ExitCode::verification,
        fmt::format("scores {} on the validation images, not what its search said", accuracy.validation),
        {out.string(), ""});
  }
  return {.method = std::string(which.name), .accuracy = accuracy};
}

void add(Results& results, const std::string& table, const NamedAccuracy& row) {
  results.add(table, row.method, "", "id", row.accuracy.id);
  results.add(table, row.method, "", "ood", row.accuracy.ood);
  results.add(table, row.method, "", "val", row.accuracy.validation);
}

}  // namespace

void add_searches(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, SoupStudy& study) {
  const Paths models = seed.models(Pool::varied, size(Pool::varied));
  std::vector<Subject> subjects;
  for (const std::filesystem::path& model : models) subjects.push_back(model_subject(model));
  const std::vector<Accuracy> singles = judge(world, sets, subjects);

  std::vector<NamedAccuracy> rows{
      {.method = "best_single", .accuracy = singles[best_on_validation(singles)]}};
  for (const Searched& which : searched) rows.push_back(run_search(world, seed, sets, which));
  rows.push_back(
      {.method = "logit_ensemble", .accuracy = judge(world, sets, {logits_subject(models)}).front()});
  for (std::size_t r = 0; r < e2_methods; ++r) add(study.results, "E2", rows[r]);
  for (const NamedAccuracy& row : rows) add(study.results, "E6", row);
  add(study.other_numbers, "E6 more", {.method = "mean_single", .accuracy = mean(singles)});
}

}  // namespace stockpot::reproduce
