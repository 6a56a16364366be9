#include "evaluation.hpp"

#include <numeric>

#include "model_files.hpp"
#include "sharing.hpp"
#include "stockpot/probe/mlp.hpp"

namespace stockpot::reproduce {

double accuracy_in_pair(const probe::Probe& model, const Cell& cell, const Examples& examples) {
  const std::uint64_t classes = model.shape().classes;
  std::vector<double> logits(examples.labels.size() * classes);
  model.logits(examples.batch(), logits);
  std::uint64_t correct = 0;
  for (std::size_t e = 0; e < examples.labels.size(); ++e) {
    const double first = logits[e * classes + static_cast<std::uint64_t>(cell.classes[0])];
    const double second = logits[e * classes + static_cast<std::uint64_t>(cell.classes[1])];
    if (examples.labels[e] == cell.classes[second > first ? 1 : 0]) ++correct;
  }
  return static_cast<double>(correct) / static_cast<double>(examples.labels.size());
}

std::vector<double> accuracies(comm::Communicator& world, const std::filesystem::path& model,
                               const SeedCase& seed, Split split, const std::vector<std::size_t>& cells) {
  std::unique_ptr<probe::Probe> probe;
  return shared_values(world, "evaluation", cells.size(), [&](std::size_t i) {
    if (!probe) probe = probe::open_mlp(read_model(model));
    return accuracy_in_pair(*probe, seed.cells[cells[i]], seed.examples(cells[i], split));
  });
}

std::vector<std::size_t> range(std::size_t first, std::size_t end) {
  std::vector<std::size_t> result(end - first);
  std::iota(result.begin(), result.end(), first);
  return result;
}

}  // namespace stockpot::reproduce
