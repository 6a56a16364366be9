#include "report/totals.hpp"

#include <limits>

#include "stockpot/plan/layer_stack.hpp"

namespace stockpot::report {

bool is_hdf5(const std::filesystem::path& file) {
  return file.extension() == ".h5" || file.extension() == ".hdf5";
}

void Totals::add(const checkpoint::StoredTensor& tensor, const TensorContent* content) {
  ++tensors;
  elements += tensor.elements();
  bytes += tensor.bytes;
  if (content == nullptr || !content->zeros) return;
  zeros += *content->zeros;
  counted += tensor.elements();
}

double Totals::sparsity() const {
  if (counted == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(zeros) / static_cast<double>(counted);
}

ModelTotals totals_of(const Inspection& found) {
  ModelTotals totals;
  std::vector<std::string> names;
  for (std::size_t t = 0; t < found.checkpoint.tensors.size(); ++t) {
    const checkpoint::StoredTensor& tensor = found.checkpoint.tensors[t];
    const TensorContent* const content = content_of(found, t);
    const auto layer = plan::split_layer_name(tensor.name);
    totals.all.add(tensor, content);
    totals.by_dtype[std::string(name(tensor.dtype))].add(tensor, content);
    totals.by_stack[layer ? layer->prefix : ""].add(tensor, content);
    names.push_back(tensor.name);
  }
  totals.layers_of_stack = plan::layer_counts(names);
  return totals;
}

const TensorContent* content_of(const Inspection& found, std::size_t tensor) {
  return found.contents.empty() ? nullptr : &found.contents[tensor];
}

}  // namespace stockpot::report
