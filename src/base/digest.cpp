#include "stockpot/base/digest.hpp"

#include <xxhash.h>

#include <algorithm>

#include <iterator>
#include <new>
#include <string>

#include "stockpot/base/error.hpp"

namespace stockpot {
namespace {

Digest canonical(XXH128_hash_t hash) {
  XXH128_canonical_t canonical_bytes;
  XXH128_canonicalFromHash(&canonical_bytes, hash);
  Digest digest;
  std::copy(std::begin(canonical_bytes.digest), std::end(canonical_bytes.digest), digest.bytes.begin());
  return digest;
}

XXH3_state_t* as_state(void* state) {
  return static_cast<XXH3_state_t*>(state);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  throw Error(ExitCode::input, "not a digest: a character is no lower-case hex digit");
}

}  // namespace

std::string Digest::hex() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Digest Digest::from_hex(std::string_view text) {
  Digest digest;
  if (text.size() != 2 * digest.bytes.size()) {
    throw Error(ExitCode::input, "not a digest: " + quote(text) + " has not 32 characters");
  }
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    digest.bytes[i] = static_cast<std::uint8_t>(hex_value(text[2 * i]) * 16 + hex_value(text[2 * i + 1]));
  }
  return digest;
}

Digest digest_of(std::span<const std::byte> bytes) {
  return canonical(XXH3_128bits(bytes.data(), bytes.size()));
}
Digest digest_of(std::string_view text) {
  return canonical(XXH3_128bits(text.data(), text.size()));
}

void Digester::Free::operator()(void* state) const noexcept {
  XXH3_freeState(as_state(state));
}

Digester::Digester() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  reset();
}

void Digester::add(std::span<const std::byte> bytes) {
  XXH3_128bits_update(as_state(state_.get()), bytes.data(), bytes.size());
}
void Digester::add(std::string_view text) {
  add(std::as_bytes(std::span(text)));
}
Digest Digester::finish() const {
  return canonical(XXH3_128bits_digest(as_state(state_.get())));
}
void Digester::reset() {
  XXH3_128bits_reset(as_state(state_.get()));
}

Digest tensor_digest(std::span<const Digest> blocks) {
  Digester digester;
  for (const Digest& block : blocks) digester.add(std::as_bytes(std::span(block.bytes)));
  return digester.finish();
}

std::string digest_library_version() {
  const unsigned number = XXH_versionNumber();
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
         std::to_string(number % 100);
}

}  // namespace stockpot
