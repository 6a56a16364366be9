#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "stockpot/report/inspect.hpp"

namespace stockpot::report {

/// True for the names that are read as HDF5 state dicts.
bool is_hdf5(const std::filesystem::path& file);

/// Sums over some of a model's tensors.
struct Totals {
  std::uint64_t tensors = 0;
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
  std::uint64_t zeros = 0;
  std::uint64_t counted = 0;  ///< elements among which zeros were counted

  void add(const checkpoint::StoredTensor& tensor, const TensorContent* content);
  /// Share of zeros; NaN when none were counted.
  [[nodiscard]] double sparsity() const;
};

struct ModelTotals {
  Totals all;
  std::map<std::string, Totals> by_dtype;
  std::map<std::string, Totals> by_stack;  ///< by what stands before the layer's number; "" outside of stacks
  std::map<std::string, std::uint64_t> layers_of_stack;
};
ModelTotals totals_of(const Inspection& found);

/// What was found in one tensor; nullptr when only headers were read.
const TensorContent* content_of(const Inspection& found, std::size_t tensor);

}  // namespace stockpot::report
