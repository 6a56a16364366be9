// E2 and E6: soups of models that were fine-tuned with different hyperparameters, searched on validation
// images and judged in and out of distribution.
#include <fmt/format.h>

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
  const char* number;  ///< what is told about it beside accuracies
};

/// The learned soups take the authors' five epochs, in smaller batches: there are 300 images, not 26000.
constexpr std::array<Searched, 5> searched{
    {{.name = "uniform", .method = "uniform_soup", .search = "", .number = "ingredients"},
     {.name = "greedy", .method = "greedy_soup", .search = "", .number = "ingredients"},
     {.name = "greedy_ge", .method = "greedy_soup", .search = "accept: \">=\"", .number = "ingredients"},
     {.name = "learned",
      .method = "learned_soup",
      .search = "scope: tensor, epochs: 5, batch_size: 16",
      .number = "beta"},
     {.name = "learned_model",
      .method = "learned_soup",
      .search = "scope: model, epochs: 5, batch_size: 16",
      .number = "beta"}}};
constexpr std::size_t e2_methods = 3;  ///< of the rows of E6, in order

struct Named {
  std::string_view method;
  Accuracy accuracy;
};

/// What a search found, over repetitions.
struct Found {
  std::vector<Accuracy> accuracies;
  double number = 0;  ///< sum of what `Searched::number` names
};

/// Of equal ones the last, as a greedy search begins.
const Accuracy& best_on_validation(const std::vector<Accuracy>& models) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < models.size(); ++i) {
    if (models[i].validation >= models[best].validation) best = i;
  }
  return models[best];
}

/// Collective. Throws unless what the search left has the score that the search said.
void run_search(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, const Paths& models,
                const Searched& which, Found& found) {
  const std::filesystem::path out = seed.merged(fmt::format("{}-{}", which.name, found.accuracies.size()));
  const std::string recipe =
      soup_recipe(which.method, models, std::string(which.search), seed.validation_data());
  const soup::SoupSummary summary =
      soup::run_soup(world, place_recipe(world, recipe, out), job_options(world, seed.seed, out));
  found.accuracies.push_back(judge(world, sets, {model_subject(out)}).front());
  found.number +=
      summary.learned ? summary.learned->beta : static_cast<double>(summary.winner.ingredients.size());
  constexpr double rounding = 1e-9;
  const double share = found.accuracies.back().validation;
  if (!summary.score || std::abs(*summary.score - share) > rounding) {
    throw Error(ExitCode::verification,
                fmt::format("is right on {} of the validation images, not what its search said", share),
                {out.string(), ""});
  }
}

void add(Results& results, const std::string& table, const Named& row) {
  const std::string method(row.method);
  results.add(table, method, "", "id", row.accuracy.id);
  results.add(table, method, "", "ood", row.accuracy.ood);
  results.add(table, method, "", "val", row.accuracy.validation);
}

}  // namespace

void add_searches(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, Effort effort,
                  SoupStudy& study) {
  std::vector<Accuracy> best;
  std::vector<Accuracy> typical;
  std::vector<Accuracy> logits;
  std::array<Found, searched.size()> found;
  const std::size_t repetitions = size(Pool::varied, effort) / soup_models;
  for (std::size_t repetition = 0; repetition < repetitions; ++repetition) {
    const Paths models = seed.models(Pool::varied, repetition * soup_models, soup_models);
    std::vector<Subject> subjects;
    for (const std::filesystem::path& model : models) subjects.push_back(model_subject(model));
    subjects.push_back(logits_subject(models));
    std::vector<Accuracy> accuracies = judge(world, sets, subjects);
    logits.push_back(accuracies.back());
    accuracies.pop_back();
    best.push_back(best_on_validation(accuracies));
    typical.push_back(mean(accuracies));
    for (std::size_t s = 0; s < searched.size(); ++s) {
      run_search(world, seed, sets, models, searched[s], found[s]);
    }
  }
  std::vector<Named> rows{{"best_single", mean(best)}};
  for (std::size_t s = 0; s < searched.size(); ++s)
    rows.push_back({searched[s].name, mean(found[s].accuracies)});
  rows.push_back({"logit_ensemble", mean(logits)});
  for (std::size_t r = 0; r < e2_methods; ++r) add(study.results, "E2", rows[r]);
  for (const Named& row : rows) add(study.results, "E6", row);
  add(study.other_numbers, "E6 more", {"mean_single", mean(typical)});
  for (std::size_t s = 0; s < searched.size(); ++s) {
    study.other_numbers.add("E6 more", std::string(searched[s].name), "", searched[s].number,
                            found[s].number / static_cast<double>(repetitions));
  }
}

}  // namespace stockpot::reproduce
