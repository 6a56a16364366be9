#include "engine/leaf_fragments.hpp"

#include <algorithm>

namespace stockpot::engine {

std::optional<LeafFragments::Leaf> LeafFragments::add(std::uint32_t tensor, std::uint64_t leaf,
                                                      std::uint64_t elements,
                                                      std::span<const kernel::TypedInput> inputs,
                                                      std::uint64_t offset, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = waiting_.try_emplace({tensor, leaf});
  Waiting& waiting = found->second;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto width = static_cast<std::uint64_t>(bytes(inputs[i].dtype));
    if (is_new) waiting.data.emplace_back(elements * width);
    std::copy_n(inputs[i].data, count * width,
                waiting.data[i].begin() + static_cast<std::ptrdiff_t>(offset * width));
  }
  waiting.held += count;
  if (waiting.held < elements) return std::nullopt;
  Leaf whole = std::move(waiting.data);
  waiting_.erase(found);
  return whole;
}

}  // namespace stockpot::engine
