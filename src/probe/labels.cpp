#include "stockpot/probe/labels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "random_unit.hpp"

namespace stockpot::probe {
namespace {

constexpr std::array label_modes{LabelMode::exact, LabelMode::sampled, LabelMode::empirical};

std::size_t argmax(std::span<const double> row) {
  std::size_t best = 0;
  for (std::size_t c = 1; c < row.size(); ++c) {
    if (row[c] > row[best]) best = c;
  }
  return best;
}

}  // namespace

std::string_view name(LabelMode mode) {
  switch (mode) {
    case LabelMode::exact:
      return "exact";
    case LabelMode::sampled:
      return "sampled";
    case LabelMode::empirical:
      return "empirical";
  }
  return {};
}

std::optional<LabelMode> label_mode_from_name(std::string_view text) {
  for (const LabelMode mode : label_modes) {
    if (name(mode) == text) return mode;
  }
  return std::nullopt;
}

void softmax(std::span<double> row) {
  const double highest = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (double& value : row) {
    value = std::exp(value - highest);
    sum += value;
  }
  for (double& value : row) value /= sum;
}

Score score(std::span<const double> logits, std::int64_t label) {
  const std::size_t best = argmax(logits);
  const double highest = logits[best];
  double sum = 0;
  for (const double value : logits) sum += std::exp(value - highest);
  const auto wanted = static_cast<std::size_t>(label);
  return {.loss = std::log(sum) - (logits[wanted] - highest), .correct = best == wanted};
}

std::int64_t draw_label(std::uint64_t seed, std::uint64_t example, std::span<const double> probabilities) {
  std::uint64_t number = 0;
  random_numbers(kernel::random_key(seed, "", "sampled labels"), example, std::span(&number, 1));
  const double u = unit(number);
  double cumulative = 0;
  std::size_t last_possible = 0;
  for (std::size_t c = 0; c < probabilities.size(); ++c) {
    cumulative += probabilities[c];
    if (cumulative > u) return static_cast<std::int64_t>(c);
    if (probabilities[c] > 0) last_possible = c;
  }
  return static_cast<std::int64_t>(last_possible);
}

}  // namespace stockpot::probe
