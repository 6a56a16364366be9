#include "soups/case.hpp"

#include <fmt/format.h>

namespace stockpot::reproduce {
namespace {

/// 597 images are left for the test.
constexpr SplitSizes soup_sizes{.pretraining = 700, .training = 200, .validation = 300};

}  // namespace

std::string_view name(Pool pool) {
  switch (pool) {
    case Pool::alike:
      return "alike";
    case Pool::gentle:
      return "gentle";
    case Pool::varied:
      return "varied";
    case Pool::independent:
      return "independent";
  }
  return {};
}

std::size_t size(Pool pool, Effort effort) {
  constexpr std::size_t repetitions = 5;
  switch (pool) {
    case Pool::alike:
      return 16;
    case Pool::gentle:
      return 4;
    case Pool::varied:
      return effort == Effort::full ? repetitions * soup_models : soup_models;
    case Pool::independent:
      return 5;
  }
  return 0;
}

SoupCase::SoupCase(std::uint64_t seed_, const std::filesystem::path& out)
    : seed(seed_), folder(out / fmt::format("seed-{}", seed_)), splits(seed_, soup_sizes) {}

std::filesystem::path SoupCase::model(Pool pool, std::size_t number) const {
  return folder / fmt::format("{}-{}", name(pool), number);
}

std::vector<std::filesystem::path> SoupCase::models(Pool pool, std::size_t first, std::size_t count) const {
  std::vector<std::filesystem::path> paths;
  for (std::size_t i = 0; i < count; ++i) paths.push_back(model(pool, first + i));
  return paths;
}

}  // namespace stockpot::reproduce
