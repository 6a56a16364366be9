#include "engine/block_digester.hpp"

#include <algorithm>
#include <utility>

namespace stockpot::engine {

void BlockDigester::add(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t room = digest_block_bytes - filled_bytes_;
    const auto part = bytes.first(std::min<std::uint64_t>(bytes.size(), room));
    digester_.add(part);
    filled_bytes_ += part.size();
    bytes = bytes.subspan(part.size());
    if (filled_bytes_ == digest_block_bytes) {
      blocks_.push_back(digester_.finish());
      digester_.reset();
      filled_bytes_ = 0;
    }
  }
}

std::vector<Digest> BlockDigester::take() {
  if (filled_bytes_ > 0) {
    blocks_.push_back(digester_.finish());
    digester_.reset();
    filled_bytes_ = 0;
  }
  return std::exchange(blocks_, {});
}

}  // namespace stockpot::engine
