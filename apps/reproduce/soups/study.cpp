#include "soups/study.hpp"

#include <numeric>

#include "soups/patterns.hpp"
#include "soups/training.hpp"
#include "stockpot/comm/agreement.hpp"

namespace stockpot::reproduce {

SoupStudy run_soups(comm::Communicator& world, const StudyOptions& options) {
  std::vector<std::uint64_t> numbers(options.seeds);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  std::vector<SoupCase> seeds;
  for (const std::uint64_t seed : numbers) seeds.emplace_back(seed, options.out);
  SoupStudy study{.results = Results("soups", numbers), .other_numbers = Results("soups", numbers)};
  train_pools(world, seeds, options.effort);
  for (const SoupCase& seed : seeds) {
    const TestSets sets(seed);
    add_thin_shell(world, seed, sets, options.effort, study);
    add_searches(world, seed, sets, options.effort, study);
    add_ensembles(world, seed, sets, study);
  }
  comm::agree_after(world, "pictures", [&] {
    if (world.is_root()) write_patterns(seeds.front(), options.out / "patterns");
  });
  return study;
}

}  // namespace stockpot::reproduce
