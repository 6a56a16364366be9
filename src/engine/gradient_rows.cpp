#include "engine/gradient_rows.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace stockpot::engine {

std::vector<double> gradient_weights(const GradientPart& part, std::uint64_t first, std::uint64_t count) {
  if (part.file->labels() != io::Labels::exact) return {};
  return part.file->read_probabilities(first, count);
}

std::uint64_t library_bytes(const io::StoredDataset& data, std::uint64_t elements) {
  if (data.offset) return 0;
  // Whole leading rows.
  const std::uint64_t row =
      data.shape.empty() || data.shape.front() == 0 ? data.elements : data.elements / data.shape.front();
  return (elements + 2 * row) * static_cast<std::uint64_t>(bytes(data.dtype));
}

GradientRows::GradientRows(std::vector<GradientPart> parts) : parts_(std::move(parts)) {
  for (const GradientPart& part : parts_) rows_ += part.file->examples() * part.gradients->classes;
}

void GradientRows::read(std::uint64_t first, std::uint64_t count, std::vector<double>& values) const {
  const std::uint64_t elements = width();
  values.resize(static_cast<std::size_t>(count * elements));
  std::span<double> rest(values);
  for (const GradientPart& part : parts_) {
    const std::uint64_t classes = part.gradients->classes;
    const std::uint64_t rows = part.file->examples() * classes;
    if (first >= rows) {
      first -= rows;
      continue;
    }
    const std::uint64_t here = std::min(rows - first, rest.size() / elements);
    if (here == 0) break;
    const std::span<double> mine = rest.first(static_cast<std::size_t>(here * elements));
    part.file->read_gradients(*part.gradients, first * elements, mine);
    const std::uint64_t first_example = first / classes;
    const std::uint64_t end_example = (first + here + classes - 1) / classes;
    const std::vector<double> weights = gradient_weights(part, first_example, end_example - first_example);
    for (std::uint64_t row = 0; !weights.empty() && row < here; ++row) {
      const double root = std::sqrt(weights[static_cast<std::size_t>(first - first_example * classes + row)]);
      for (double& value : mine.subspan(static_cast<std::size_t>(row * elements), elements)) value *= root;
    }
    rest = rest.subspan(mine.size());
    first = 0;
  }
}

std::uint64_t GradientRows::read_workspace_bytes(std::uint64_t count) const {
  std::uint64_t most = 0;
  for (const GradientPart& part : parts_) {
    most = std::max(most, library_bytes(part.gradients->data, count * width()));
  }
  return most + count * 2 * sizeof(double);
}

}  // namespace stockpot::engine
