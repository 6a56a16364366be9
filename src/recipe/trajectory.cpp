#include "stockpot/recipe/trajectory.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "stockpot/base/text.hpp"

namespace stockpot::recipe {

std::vector<double> expand_schedule(Schedule schedule, std::size_t checkpoints) {
  const auto count = static_cast<double>(checkpoints);
  if (schedule == Schedule::uniform) return std::vector<double>(checkpoints, 1.0 / count);
  std::vector<double> weights(checkpoints);
  for (std::size_t j = 0; j < checkpoints; ++j) {
    const auto position = static_cast<double>(j);
    weights[j] = schedule == Schedule::linear
                     ? position + 1.0
                     : std::sqrt((position + 1.0) / count) - std::sqrt(position / count);
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

std::vector<std::string> select_trajectory(std::vector<std::string> matches, const Trajectory& trajectory) {
  std::sort(matches.begin(), matches.end(), natural_less);
  std::vector<std::string> chosen;  // newest first
  for (std::size_t back = 0; back < matches.size(); ++back) {
    if (trajectory.last && chosen.size() >= *trajectory.last) break;
    if (back % std::max<std::uint64_t>(trajectory.every, 1) == 0) {
      chosen.push_back(std::move(matches[matches.size() - 1 - back]));
    }
  }
  std::reverse(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace stockpot::recipe
