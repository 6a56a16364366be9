#include <algorithm>
#include <cmath>
#include <limits>
#include <pagmo/algorithms/cmaes.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <stdexcept>
#include <utility>

#include "soup/optimizer.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/kernel/random.hpp"

namespace stockpot::soup {
namespace {

constexpr std::size_t smallest_generation = 5;  // pagmo takes no smaller one
constexpr double first_deviation = 0.3;
constexpr double smallest_move = 1e-5;
constexpr std::size_t most_level_generations = 3;
constexpr double automatic = -1.0;

/// What the algorithm is told in one run, and what it then asks.
struct Dialogue {
  std::span<const double> scores;
  std::size_t told = 0;
  std::vector<Point> asked;
};

/// The function that pagmo minimises: minus the known scores, one after the other, then noted points.
struct AskedFunction {
  std::size_t dimensions = 1;
  Dialogue* dialogue = nullptr;

  [[nodiscard]] pagmo::vector_double fitness(const pagmo::vector_double& point) const {
    if (dialogue->told < dialogue->scores.size()) return {-dialogue->scores[dialogue->told++]};
    dialogue->asked.push_back(point);
    return {0.0};
  }
  [[nodiscard]] std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    return {pagmo::vector_double(dimensions, 0.0), pagmo::vector_double(dimensions, 1.0)};
  }
};

/// After how many generations there were enough in a row with one score throughout; all, if there weren't.
std::size_t generations_before_level(std::span<const double> scores, std::size_t size) {
  std::size_t level = 0;
  for (std::size_t generation = 0; (generation + 1) * size <= scores.size(); ++generation) {
    const std::span<const double> own = scores.subspan(generation * size, size);
    const bool is_level = std::all_of(own.begin(), own.end(), [&](double s) { return s == own.front(); });
    level = is_level ? level + 1 : 0;
    if (level == most_level_generations) return generation + 1;
  }
  return std::numeric_limits<std::size_t>::max();
}

bool is_finite(const Point& point) {
  return std::all_of(point.begin(), point.end(), [](double c) { return std::isfinite(c); });
}

class Evolution : public Optimizer {
 public:
  Evolution(Point start, std::uint64_t budget, std::uint64_t seed)
      : start_(std::move(start)), budget_(budget), key_(kernel::random_key(seed, "search", "cmaes")) {}

  std::vector<Point> asks(std::span<const double> scores) const override {
    // A run may end before its first generation, by an unlikely draw.
    const std::uint64_t most_runs = scores.size() + 10;
    for (std::uint64_t run = 0; run < most_runs; ++run) {
      Dialogue dialogue{scores, 0, {}};
      perform(run, dialogue);
      if (!dialogue.asked.empty()) return std::move(dialogue.asked);
      scores = scores.subspan(dialogue.told);
    }
    return {};
  }
  bool foresees_batches() const override { return false; }

 private:
  /// Tells the run its scores, as many as it takes. It asks for one generation more unless it has converged.
  void perform(std::uint64_t run, Dialogue& dialogue) const {
    const std::size_t size = size_of(run);
    std::vector<std::uint32_t> words(1 + start_.size());
    kernel::random_words(key_, run * words.size(), words);
    const std::size_t level = generations_before_level(dialogue.scores, size);
    const std::size_t generations = std::min(level, dialogue.scores.size() / size + 1);
    const pagmo::cmaes algorithm(static_cast<unsigned>(generations), automatic, automatic, automatic,
                                 automatic, first_deviation, 0.0, smallest_move, false, true, words[0]);
    try {
      pagmo::population individuals(pagmo::problem(AskedFunction{start_.size(), &dialogue}), 0, words[0]);
      // The algorithm begins at the best of these; they are never evaluated.
      for (std::size_t i = 0; i < size; ++i) {
        individuals.push_back(start_of(run, words), {static_cast<double>(i)});
      }
      algorithm.evolve(std::move(individuals));
    } catch (const std::invalid_argument& error) {
      throw Error(ExitCode::usage, "search strategy 'cmaes': pagmo2 refuses it: " + quote(error.what()));
    }
    // A matrix that has degenerated ends the run.
    if (!std::all_of(dialogue.asked.begin(), dialogue.asked.end(), is_finite)) dialogue.asked.clear();
  }

  [[nodiscard]] std::size_t size_of(std::uint64_t run) const {
    std::uint64_t size = generation_size(start_.size(), budget_);
    for (; run > 0 && 20 * size <= budget_; --run) size *= 2;
    return size;
  }
  [[nodiscard]] Point start_of(std::uint64_t run, std::span<const std::uint32_t> words) const {
    if (run == 0) return start_;
    Point start;
    for (const std::uint32_t word : words.subspan(1)) start.push_back(word * 0x1p-32);
    return start;
  }

  Point start_;
  std::uint64_t budget_;
  kernel::RandomKey key_;
};

}  // namespace

std::uint64_t generation_size(std::size_t dimensions, std::uint64_t budget) {
  const double more = 3.0 * std::log(static_cast<double>(std::max<std::size_t>(dimensions, 1)));
  const std::uint64_t usual = 4 + static_cast<std::uint64_t>(more);
  return std::max<std::uint64_t>(smallest_generation, std::min(usual, budget / 4));
}

std::unique_ptr<const Optimizer> make_evolution(Point start, std::uint64_t budget, std::uint64_t seed) {
  return std::make_unique<Evolution>(std::move(start), budget, seed);
}

}  // namespace stockpot::soup
