#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Words that sample files and statistics files share, as their attributes spell them.
namespace stockpot::io {

/// Which labels the gradients of log p(label) are of.
enum class Labels {
  none,       ///< "": there are no gradients
  exact,      ///< every class, weighted by its probability
  sampled,    ///< drawn from the model's own distribution
  empirical,  ///< the true ones
};
const std::string& name(Labels labels);
/// The spellings, in the order of the enumeration.
const std::vector<std::string>& labels_names();

/// How a module's weight is stored: as nn.Linear does, or transposed as Hugging Face's Conv1D.
enum class WeightLayout { out_in, in_out };
const std::string& name(WeightLayout layout);
const std::vector<std::string>& weight_layout_names();

/// How a symmetric matrix is stored: every element, or the lower triangle row by row (00, 10, 11, 20, ...).
enum class TriangleLayout { full, lower };
const std::string& name(TriangleLayout layout);
const std::vector<std::string>& triangle_layout_names();

/// Elements of the lower triangle of `dimension` rows, which is also where row `dimension` of a larger packed
/// triangle begins. @pre dimension < 2^32
constexpr std::uint64_t triangle_elements(std::uint64_t dimension) {
  return dimension % 2 == 0 ? dimension / 2 * (dimension + 1) : (dimension + 1) / 2 * dimension;
}

}  // namespace stockpot::io
