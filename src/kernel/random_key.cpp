#include <array>
#include <cmath>
#include <stdexcept>

#include "stockpot/base/digest.hpp"
#include "stockpot/kernel/random.hpp"

namespace stockpot::kernel {
namespace {

void add_number(Digester& digester, std::uint64_t number) {
  std::array<std::byte, 8> bytes{};
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(number & 0xffu);
    number >>= 8;
  }
  digester.add(bytes);
}

void add_text(Digester& digester, std::string_view text) {
  add_number(digester, text.size());
  digester.add(text);
}

std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

}  // namespace

RandomKey random_key(std::uint64_t seed, std::string_view model, std::string_view tensor) {
  Digester digester;
  add_number(digester, seed);
  add_text(digester, model);
  add_text(digester, tensor);
  const Digest digest = digester.finish();
  const std::span<const std::uint8_t> bytes(digest.bytes);
  return {big_endian(bytes.first(8)), big_endian(bytes.last(8))};
}

std::uint64_t keep_threshold(double probability) {
  if (!(probability >= 0.0 && probability <= 1.0)) {
    throw std::invalid_argument("keep_threshold: the probability is not between 0 and 1");
  }
  return static_cast<std::uint64_t>(std::llround(probability * 0x1p32));
}

}  // namespace stockpot::kernel
