#pragma once

#include <cstdint>

#include "method/sparse_rule.hpp"
#include "stockpot/kernel/random.hpp"

namespace stockpot::method {

/// Every entry of one model's tensor is kept with the same probability, by the counter-based generator:
/// independent of cuts, ranks and the order of tensors.
class RandomKeep : public KeepBits {
 public:
  RandomKeep(const TensorContext& tensor, std::size_t model, double probability)
      : key_(kernel::random_key(tensor.seed, tensor.model_names[model], tensor.name)),
        first_element_(tensor.first_element),
        threshold_(kernel::keep_threshold(probability)) {}

  void fill(const Tile&, std::size_t, std::uint64_t first, std::uint64_t count,
            std::uint64_t* bits) const override {
    kernel::random_keep_bits(key_, first_element_ + first, count, threshold_, bits);
  }

 private:
  kernel::RandomKey key_;
  std::uint64_t first_element_;
  std::uint64_t threshold_;
};

}  // namespace stockpot::method
