#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace stockpot {

/// XXH3-128 in canonical (big-endian) byte order.
struct Digest {
  std::array<std::uint8_t, 16> bytes{};

  /// 32 lower-case hex digits.
  [[nodiscard]] std::string hex() const;
  /// Inverse of `hex`; throws Error{input} on anything else.
  static Digest from_hex(std::string_view text);

  friend bool operator==(const Digest&, const Digest&) = default;
};

Digest digest_of(std::span<const std::byte> bytes);
Digest digest_of(std::string_view text);

/// Streaming XXH3-128: the digest of the concatenation of everything added.
class Digester {
 public:
  Digester();
  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);
  [[nodiscard]] Digest finish() const;  ///< of what was added so far; more may follow
  void reset();

 private:
  struct Free {
    void operator()(void* state) const noexcept;
  };
  std::unique_ptr<void, Free> state_;
};

/// Tensors are digested in blocks of this many bytes, counted from the tensor's first byte.
inline constexpr std::uint64_t digest_block_bytes = std::uint64_t{4} << 20;

/// Number of digest blocks of a tensor of `bytes` bytes (0 for an empty tensor).
constexpr std::uint64_t digest_blocks(std::uint64_t bytes) {
  return (bytes + digest_block_bytes - 1) / digest_block_bytes;
}

/// Digest of a tensor: XXH3-128 over the concatenated digests of its blocks, in order.
Digest tensor_digest(std::span<const Digest> blocks);

/// Version of the xxHash library.
std::string digest_library_version();

}  // namespace stockpot
