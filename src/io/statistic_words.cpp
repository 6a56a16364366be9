#include "stockpot/io/statistic_words.hpp"

namespace stockpot::io {

const std::vector<std::string>& labels_names() {
  static const std::vector<std::string> names{"", "exact", "sampled", "empirical"};
  return names;
}
const std::vector<std::string>& weight_layout_names() {
  static const std::vector<std::string> names{"out_in", "in_out"};
  return names;
}
const std::vector<std::string>& triangle_layout_names() {
  static const std::vector<std::string> names{"full", "lower"};
  return names;
}

const std::string& name(Labels labels) {
  return labels_names().at(static_cast<std::size_t>(labels));
}
const std::string& name(WeightLayout layout) {
  return weight_layout_names().at(static_cast<std::size_t>(layout));
}
const std::string& name(TriangleLayout layout) {
  return triangle_layout_names().at(static_cast<std::size_t>(layout));
}

}  // namespace stockpot::io
