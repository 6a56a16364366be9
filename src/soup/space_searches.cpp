#include <array>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include "soup/searches.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/kernel/random.hpp"

namespace stockpot::soup {
namespace {

using Space = std::vector<recipe::SpaceEntry>;

void require_entries(const Space& space) {
  if (space.empty()) throw Error(ExitCode::usage, "search: 'space' names no parameter");
}

std::uint64_t combinations(const Space& space) {
  std::uint64_t count = 1;
  for (const recipe::SpaceEntry& entry : space) {
    if (entry.values.empty()) {
      throw Error(ExitCode::usage, "search.space: a grid needs values for " + quote(entry.text));
    }
    if (count > std::numeric_limits<std::uint64_t>::max() / entry.values.size()) {
      throw Error(ExitCode::usage, "search.space: the grid has too many combinations to count");
    }
    count *= entry.values.size();
  }
  return count;
}

/// Number `index` in mixed radix; the last entry is the lowest digit.
Candidate combination(const Space& space, std::uint64_t index) {
  Candidate candidate;
  for (auto entry = space.rbegin(); entry != space.rend(); ++entry) {
    candidate.parameters[entry->text] = entry->values[index % entry->values.size()];
    index /= entry->values.size();
  }
  return candidate;
}

/// Below 1, a multiple of 2^-53.
double uniform_number(kernel::RandomKey key, std::uint64_t number) {
  std::array<std::uint32_t, 2> words{};
  kernel::random_words(key, 2 * number, words);
  const std::uint64_t bits = (std::uint64_t{words[0]} << 32 | words[1]) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

double drawn(const recipe::SpaceEntry& entry, double uniform) {
  if (entry.values.empty()) return entry.low + uniform * (entry.high - entry.low);
  const auto values = static_cast<double>(entry.values.size());
  return entry.values[static_cast<std::size_t>(uniform * values)];
}

}  // namespace

std::unique_ptr<Search> make_grid_search(Referee referee, const Space& space) {
  require_entries(space);
  const auto shared = std::make_shared<const Space>(space);
  return make_listed_search(std::move(referee), combinations(space),
                            [shared](std::uint64_t index) { return combination(*shared, index); });
}

std::unique_ptr<Search> make_random_search(Referee referee, const Space& space, std::uint64_t budget,
                                           std::uint64_t seed) {
  require_entries(space);
  const auto shared = std::make_shared<const Space>(space);
  return make_listed_search(std::move(referee), budget, [shared, seed](std::uint64_t number) {
    Candidate candidate;
    for (const recipe::SpaceEntry& entry : *shared) {
      const kernel::RandomKey key = kernel::random_key(seed, "search", entry.text);
      candidate.parameters[entry.text] = drawn(entry, uniform_number(key, number));
    }
    return candidate;
  });
}

}  // namespace stockpot::soup
