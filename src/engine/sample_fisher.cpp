#include "engine/sample_fisher.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "stockpot/base/error.hpp"
#include "stockpot/engine/sweep.hpp"
#include "stockpot/kernel/weighted_sums.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::engine {
namespace {

/// Elements that are summed together: enough for one reading of an example's, few enough for a cache.
constexpr std::uint64_t preferred_elements = std::uint64_t{1} << 16;
constexpr std::uint64_t fewest_elements = std::uint64_t{1} << 12;
/// The same where only the library finds the values: it unpacks an example for each reading.
constexpr std::uint64_t preferred_unpacked_elements = std::uint64_t{1} << 22;
/// Most values that are read at once.
constexpr std::uint64_t read_values = std::uint64_t{1} << 17;

/// Adds the squares of elements [first, first + sums.size()) of examples [begin, end) of one file.
void add_squares(const GradientPart& part, std::uint64_t begin, std::uint64_t end, std::uint64_t first,
                 std::span<double> sums) {
  const std::uint64_t elements = part.gradients->elements;
  const std::uint64_t classes = part.gradients->classes;
  // Rows of whole tensors stand one after the other.
  const bool is_whole = sums.size() == elements;
  const std::uint64_t rows_at_once = is_whole ? std::max<std::uint64_t>(1, read_values / elements) : 1;
  const std::vector<double> weights = gradient_weights(part, begin, end - begin);
  std::vector<double> values;
  const std::uint64_t end_row = end * classes;
  for (std::uint64_t row = begin * classes; row < end_row; row += rows_at_once) {
    const std::uint64_t rows = std::min(rows_at_once, end_row - row);
    values.resize(static_cast<std::size_t>(rows * sums.size()));
    part.file->read_gradients(*part.gradients, row * elements + first, values);
    for (std::uint64_t r = 0; r < rows; ++r) {
      const double weight =
          weights.empty() ? 1.0 : weights[static_cast<std::size_t>(row + r - begin * classes)];
      const auto own =
          std::span<const double>(values).subspan(static_cast<std::size_t>(r * sums.size()), sums.size());
      kernel::add_weighted_squares(own, weight, sums);
    }
  }
}

}  // namespace

SampleFisher::SampleFisher(std::vector<Tensor> tensors) : tensors_(std::move(tensors)) {
  for (const GradientPart& part : tensors_.front().parts) examples_ += part.file->examples();
}

std::vector<double> SampleFisher::mean_squares(const Tensor& tensor, std::uint64_t first,
                                               std::uint64_t count) const {
  LeafSums sums((examples_ + fisher_leaf_examples - 1) / fisher_leaf_examples, count);
  for (std::uint64_t leaf = 0; leaf < sums.leaf_count(); ++leaf) {
    std::vector<double> squares(static_cast<std::size_t>(count));
    const std::uint64_t leaf_begin = leaf * fisher_leaf_examples;
    const std::uint64_t leaf_end = std::min(leaf_begin + fisher_leaf_examples, examples_);
    std::uint64_t before = 0;  // examples of earlier files
    for (const GradientPart& part : tensor.parts) {
      const std::uint64_t examples = part.file->examples();
      const std::uint64_t begin = std::max(leaf_begin, before);
      const std::uint64_t end = std::min(leaf_end, before + examples);
      if (begin < end) add_squares(part, begin - before, end - before, first, squares);
      before += examples;
    }
    if (sums.add_node(0, leaf, std::move(squares)) != LeafSums::Fit::added) {
      throw Error(ExitCode::communication, "Fisher of " + tensor.name + ": a leaf was summed twice");
    }
  }
  std::vector<double> mean = sums.total();
  kernel::divide(mean, static_cast<double>(examples_));
  return mean;
}

std::uint64_t SampleFisher::worker_bytes(const Tensor& tensor, std::uint64_t elements) const {
  const std::uint64_t leaves = (examples_ + fisher_leaf_examples - 1) / fisher_leaf_examples;
  const std::uint64_t vectors = static_cast<std::uint64_t>(std::bit_width(leaves)) + 3;
  const std::uint64_t read = std::max(elements, std::min(elements * examples_, read_values));
  std::uint64_t most = 0;
  for (const GradientPart& part : tensor.parts) {
    const std::uint64_t factors = fisher_leaf_examples * part.gradients->classes;
    most = std::max(most, library_bytes(part.gradients->data, read) + factors * sizeof(double));
  }
  return (vectors * elements + 2 * read) * sizeof(double) + most;
}

std::uint64_t SampleFisher::chunk_elements(const Tensor& tensor, std::uint64_t budget_bytes) const {
  const bool in_place = std::all_of(tensor.parts.begin(), tensor.parts.end(), [](const GradientPart& part) {
    return part.gradients->data.offset.has_value();
  });
  std::uint64_t elements = in_place ? preferred_elements : preferred_unpacked_elements;
  while (elements > fewest_elements && worker_bytes(tensor, elements) > budget_bytes) elements /= 2;
  return elements;
}

std::uint64_t SampleFisher::least_bytes(int) const {
  std::uint64_t least = 0;
  for (const Tensor& tensor : tensors_) least = std::max(least, worker_bytes(tensor, fewest_elements));
  return least;
}

std::uint64_t SampleFisher::work_bytes() const {
  std::uint64_t total = 0;
  for (const Tensor& tensor : tensors_) {
    for (const GradientPart& part : tensor.parts) {
      const io::StoredDataset& data = part.gradients->data;
      total += data.elements * static_cast<std::uint64_t>(bytes(data.dtype));
    }
  }
  return total;
}

void SampleFisher::write(comm::Communicator& world, const io::StatisticsWriter& writer,
                         const StatisticsLimits& limits, StepProgress& progress) const {
  const int threads = limits.threads_that_fit(least_bytes(world.size()));
  const std::uint64_t budget_bytes = limits.buffer_bytes / static_cast<std::uint64_t>(threads);
  std::vector<SweepItem> items;
  for (const Tensor& tensor : tensors_) {
    const std::uint64_t element_bytes = examples_ * tensor.parts.front().gradients->classes * sizeof(double);
    items.push_back(
        {tensor.elements() * element_bytes, chunk_elements(tensor, budget_bytes) * element_bytes});
  }
  UnitQueue queue(items, world.rank(), world.size());
  const ReadOptions options = progress.next(work_bytes(), threads);
  run_sweep(world, queue, options, "Fisher values", [&] {
    while (const auto unit = queue.next()) {
      const Tensor& tensor = tensors_[unit->item];
      const std::uint64_t chunk = chunk_elements(tensor, budget_bytes);
      const std::uint64_t first = unit->unit * chunk;
      const std::uint64_t count = std::min(chunk, tensor.elements() - first);
      writer.write_block(*writer.file().find(io::StatisticKind::fisher, tensor.name), first,
                         mean_squares(tensor, first, count));
      queue.finish(*unit);
    }
  });
}

}  // namespace stockpot::engine
