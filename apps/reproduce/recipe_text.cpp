#include "recipe_text.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "merging.hpp"

namespace stockpot::reproduce {
namespace {

std::string flow_map(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text;
  for (const auto& [name, value] : entries)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", name, value);
  return "{" + text + "}";
}

std::string model_entry(const SeedCase& seed, std::size_t cell, const MethodGrid& grid) {
  std::string text = fmt::format("  - {{model: {}, name: {}", quoted(seed.model(cell).string()),
                                 quoted(seed.cells[cell].name()));
  if (grid.statistic != Statistic::none) {
    text += ", statistics: " + quoted(statistics_path(seed, cell, grid.statistic).string());
  }
  if (grid.weights) text += ", parameters: {weight: 1}";
  return text + "}\n";
}

}  // namespace

std::filesystem::path statistics_path(const SeedCase& seed, std::size_t cell, Statistic statistic) {
  const std::string model = seed.cells[cell].name();
  switch (statistic) {
    case Statistic::fisher:
      return seed.folder / (model + "-fisher.h5");
    case Statistic::gram:
      return seed.folder / (model + "-gram.h5");
    case Statistic::none:
      break;
  }
  throw std::invalid_argument("statistics_path: no statistic");
}

std::string recipe_text(const SeedCase& seed, const std::vector<std::size_t>& cells, const MethodGrid& grid,
                        const Candidate& candidate) {
  std::string text = fmt::format("merge_method: {}\nsemantics: paper\nmodels:\n", grid.method);
  for (const std::size_t cell : cells) text += model_entry(seed, cell, grid);
  if (grid.base_model) text += fmt::format("base_model: {}\n", quoted(seed.anchor().string()));
  auto parameters = grid.fixed;
  parameters.insert(parameters.end(), candidate.parameters.begin(), candidate.parameters.end());
  if (!parameters.empty()) text += fmt::format("parameters: {}\n", flow_map(parameters));
  return text + fmt::format("exclude: [{}]\nout_dtype: float32\n", quoted(head_pattern));
}

}  // namespace stockpot::reproduce
