// E1: models that were fine-tuned alike have nearly the same distance and angle from their anchor, and Model
// Stock uses that to come closer to their centre with two of them than an average does.
#include <fmt/format.h>

#include <map>
#include <vector>

#include "merging.hpp"
#include "random_stream.hpp"
#include "soups/geometry.hpp"
#include "soups/recipes.hpp"
#include "soups/study.hpp"
#include "spread.hpp"

namespace stockpot::reproduce {
namespace {

/// A method of the table: what it made of each draw of models.
struct Drawn {
  std::string method;
  Paths results;
};

/// One pool of one seed, and what is drawn from it.
class Shell {
 public:
  Shell(comm::Communicator& world, const SoupCase& seed, Pool pool, Effort effort, std::size_t draws)
      : world_(world),
        seed_(seed),
        pool_(pool),
        models_(seed.models(pool, 0, size(pool, effort))),
        draws_(draws) {}

  [[nodiscard]] Drawn single() const { return {.method = "single", .results = models_}; }

  /// Collective.
  Drawn average(std::size_t count) {
    return merge_draws(fmt::format("average_{}", count), count, average_recipe);
  }
  /// Collective.
  Drawn stock_of_two() {
    return merge_draws("stock_2", 2,
                       [&](const Paths& models) { return stock_recipe(models, seed_.anchor()); });
  }

  /// Collective. How the models lie around the anchor, first layer.
  void add_geometry(const std::string& table, Results& results) {
    const TaskGeometry geometry = measure_task_geometry(world_, seed_.seed, models_, seed_.anchor(), "layer",
                                                        "layers.0", file("geometry"));
    const Spread norm = spread(geometry.norm);
    const Spread angle = spread(pair_angles(geometry));
    results.add(table, "geometry", "", "norm_cv", norm.deviation / norm.mean);
    results.add(table, "geometry", "", "angle_mean", angle.mean);
    results.add(table, "geometry", "", "angle_std", angle.deviation);
  }

  /// Collective. Mean accuracies over draws, and mean distances from `center` in the space of all parameters.
  void add_drawn(const TestSets& sets, const std::vector<Drawn>& all, const std::filesystem::path& center,
                 const std::string& table, Results& results) {
    Paths models;
    for (const Drawn& drawn : all) models.insert(models.end(), drawn.results.begin(), drawn.results.end());
    std::erase(models, center);
    const std::vector<double> norms =
        measure_task_geometry(world_, seed_.seed, models, center, "model", "all", file("distances")).norm;
    std::map<std::filesystem::path, double> distances{{center, 0.0}};
    for (std::size_t i = 0; i < models.size(); ++i) distances[models[i]] = norms[i];
    for (const Drawn& drawn : all) {
      std::vector<Subject> subjects;
      std::vector<double> own;
      for (const std::filesystem::path& model : drawn.results) {
        subjects.push_back(model_subject(model));
        own.push_back(distances.at(model));
      }
      const Accuracy accuracy = mean(judge(world_, sets, subjects));
      results.add(table, drawn.method, "", "id", accuracy.id);
      results.add(table, drawn.method, "", "ood", accuracy.ood);
      results.add(table, drawn.method, "", "distance_to_center", spread(own).mean);
    }
  }

 private:
  [[nodiscard]] std::filesystem::path file(const std::string& what) const {
    return seed_.folder / fmt::format("{}-{}.h5", name(pool_), what);
  }

  /// Some of the models, others of them for each number.
  [[nodiscard]] Paths draw(std::size_t count, std::size_t number) const {
    const std::string purpose = fmt::format("{} draw {}", name(pool_), number);
    const std::vector<std::size_t> order = RandomStream(seed_.seed, purpose).permutation(models_.size());
    Paths drawn;
    for (std::size_t i = 0; i < count; ++i) drawn.push_back(models_[order[i]]);
    return drawn;
  }

  /// Collective. All models are one draw.
  template <typename RecipeOf>
  Drawn merge_draws(const std::string& method, std::size_t count, RecipeOf recipe_of) {
    Drawn drawn{.method = method, .results = {}};
    const std::size_t draws = count < models_.size() ? draws_ : 1;
    for (std::size_t number = 0; number < draws; ++number) {
      drawn.results.push_back(seed_.merged(fmt::format("{}-{}-{}", name(pool_), method, number)));
      merge(world_, seed_.seed, recipe_of(draw(count, number)), drawn.results.back());
    }
    return drawn;
  }

  comm::Communicator& world_;
  const SoupCase& seed_;
  Pool pool_;
  Paths models_;
  std::size_t draws_;
};

}  // namespace

void add_thin_shell(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, Effort effort,
                    SoupStudy& study) {
  const bool is_full = effort == Effort::full;
  Shell alike(world, seed, Pool::alike, effort, is_full ? 20 : 2);
  std::vector<Drawn> drawn{alike.single(), alike.average(2), alike.stock_of_two()};
  for (const std::size_t count : {4U, 8U, 16U}) drawn.push_back(alike.average(count));
  alike.add_geometry("E1", study.results);
  alike.add_drawn(sets, drawn, drawn.back().results.front(), "E1", study.results);

  Shell gentle(world, seed, Pool::gentle, effort, is_full ? 6 : 1);
  const Drawn all = gentle.average(size(Pool::gentle, effort));
  gentle.add_geometry("E1 gentle", study.other_numbers);
  gentle.add_drawn(sets, {gentle.single(), gentle.average(2), gentle.stock_of_two()}, all.results.front(),
                   "E1 gentle", study.other_numbers);
}

}  // namespace stockpot::reproduce
