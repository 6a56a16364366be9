// E1: models that were fine-tuned alike have nearly the same distance and angle from their anchor, and Model
// Stock uses that to come closer to their centre with two of them than an average does.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "merging.hpp"
#include "random_stream.hpp"
#include "soups/geometry.hpp"
#include "soups/recipes.hpp"
#include "soups/study.hpp"
#include "spread.hpp"

namespace stockpot::reproduce {
namespace {

/// A method of the table: what it gave for each draw of models.
struct Drawn {
  std::string method;
  Paths results;
};

/// Some of a pool's models, another draw of them for each number.
Paths draw(const SoupCase& seed, Pool pool, std::size_t count, std::size_t number) {
  const std::vector<std::size_t> order =
      RandomStream(seed.seed, fmt::format("{} draw {}", name(pool), number)).permutation(size(pool));
  Paths models;
  for (std::size_t i = 0; i < count; ++i) models.push_back(seed.model(pool, order[i]));
  return models;
}

/// Collective. Merges each draw.
template <typename RecipeOf>
Drawn merge_draws(comm::Communicator& world, const SoupCase& seed, Pool pool, const std::string& method,
                  std::size_t count, std::size_t draws, RecipeOf recipe_of) {
  Drawn drawn{.method = method, .results = {}};
  for (std::size_t number = 0; number < (count < size(pool) ? draws : 1); ++number) {
    drawn.results.push_back(seed.merged(fmt::format("{}-{}-{}", name(pool), method, number)));
    merge(world, seed.seed, recipe_of(draw(seed, pool, count, number)), drawn.results.back());
  }
  return drawn;
}

Drawn average(comm::Communicator& world, const SoupCase& seed, Pool pool, std::size_t count,
              std::size_t draws) {
  return merge_draws(world, seed, pool, fmt::format("average_{}", count), count, draws, average_recipe);
}

Drawn stock_of_two(comm::Communicator& world, const SoupCase& seed, Pool pool, std::size_t draws) {
  return merge_draws(world, seed, pool, "stock_2", 2, draws,
                     [&](const Paths& models) { return stock_recipe(models, seed.anchor()); });
}

void add_shell(comm::Communicator& world, const SoupCase& seed, Pool pool, const std::string& table,
               Results& results) {
  const TaskGeometry geometry =
      measure_task_geometry(world, seed.seed, seed.models(pool, size(pool)), seed.anchor(), "layer",
                            "layers.0", seed.folder / fmt::format("{}-geometry.h5", name(pool)));
  const Spread norm = spread(geometry.norm);
  const Spread angle = spread(pair_angles(geometry));
  results.add(table, "geometry", "", "norm_cv", norm.deviation / norm.mean);
  results.add(table, "geometry", "", "angle_mean", angle.mean);
  results.add(table, "geometry", "", "angle_std", angle.deviation);
}

/// Mean accuracies over draws, and mean distances from `center` in the space of all parameters.
void add_drawn(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, Pool pool,
               const std::string& table, const std::vector<Drawn>& all, const std::filesystem::path& center,
               Results& results) {
  std::vector<Subject> subjects;
  Paths models;
  for (const Drawn& drawn : all) {
    for (const std::filesystem::path& model : drawn.results) {
      subjects.push_back(model_subject(model));
      models.push_back(model);
    }
  }
  const std::vector<Accuracy> accuracies = judge(world, sets, subjects);
  const std::vector<double> distances =
      measure_task_geometry(world, seed.seed, models, center, "model", "all",
                            seed.folder / fmt::format("{}-distances.h5", name(pool)))
          .norm;
  std::size_t first = 0;
  for (const Drawn& drawn : all) {
    const std::size_t end = first + drawn.results.size();
    const auto begin = static_cast<std::ptrdiff_t>(first);
    const auto past = static_cast<std::ptrdiff_t>(end);
    const Accuracy accuracy = mean({accuracies.begin() + begin, accuracies.begin() + past});
    results.add(table, drawn.method, "", "id", accuracy.id);
    results.add(table, drawn.method, "", "ood", accuracy.ood);
    results.add(table, drawn.method, "", "distance_to_center",
                spread(std::span(distances).subspan(first, drawn.results.size())).mean);
    first = end;
  }
}

}  // namespace

void add_thin_shell(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, Effort effort,
                    SoupStudy& study) {
  const std::size_t draws = effort == Effort::full ? 20 : 2;
  std::vector<Drawn> alike{{.method = "single", .results = seed.models(Pool::alike, size(Pool::alike))}};
  alike.push_back(average(world, seed, Pool::alike, 2, draws));
  alike.push_back(stock_of_two(world, seed, Pool::alike, draws));
  for (const std::size_t count : {4U, 8U, 16U}) {
    alike.push_back(average(world, seed, Pool::alike, count, draws));
  }
  const std::filesystem::path center = alike.back().results.front();
  add_shell(world, seed, Pool::alike, "E1", study.results);
  add_drawn(world, seed, sets, Pool::alike, "E1", alike, center, study.results);

  const std::size_t pairs = std::min<std::size_t>(draws, 6);
  std::vector<Drawn> gentle{{.method = "single", .results = seed.models(Pool::gentle, size(Pool::gentle))}};
  gentle.push_back(average(world, seed, Pool::gentle, 2, pairs));
  gentle.push_back(stock_of_two(world, seed, Pool::gentle, pairs));
  const Drawn all = average(world, seed, Pool::gentle, size(Pool::gentle), 1);
  add_shell(world, seed, Pool::gentle, "E1 gentle", study.other_numbers);
  add_drawn(world, seed, sets, Pool::gentle, "E1 gentle", gentle, all.results.front(), study.other_numbers);
}

}  // namespace stockpot::reproduce
