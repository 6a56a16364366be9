#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stockpot/base/digest.hpp"

namespace stockpot::engine {

/// Digests the blocks of a byte stream that starts at a block boundary of its tensor.
class BlockDigester {
 public:
  void add(std::span<const std::byte> bytes);
  /// Digests of all blocks, the last possibly short; starts anew.
  [[nodiscard]] std::vector<Digest> take();

 private:
  Digester digester_;
  std::uint64_t filled_bytes_ = 0;
  std::vector<Digest> blocks_;
};

}  // namespace stockpot::engine
