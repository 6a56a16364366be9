#include "stockpot/checkpoint/checkpoint.hpp"

#include <algorithm>

namespace stockpot::checkpoint {

std::uint64_t StoredTensor::elements() const {
  return element_count(shape).value_or(0);
}

const StoredTensor* Checkpoint::find(std::string_view name) const {
  const auto at =
      std::lower_bound(tensors.begin(), tensors.end(), name,
                       [](const StoredTensor& tensor, std::string_view key) { return tensor.name < key; });
  return at != tensors.end() && at->name == name ? &*at : nullptr;
}

const StoredTensor* Checkpoint::find_or_alias(std::string_view name) const {
  if (const StoredTensor* stored = find(name)) return stored;
  const auto alias = aliases.find(std::string(name));
  return alias == aliases.end() ? nullptr : find(alias->second);
}

std::uint64_t Checkpoint::total_bytes() const {
  std::uint64_t total = 0;
  for (const StoredTensor& tensor : tensors) total += tensor.bytes;
  return total;
}

}  // namespace stockpot::checkpoint
