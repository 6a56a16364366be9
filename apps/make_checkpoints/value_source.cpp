#include "value_source.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "stockpot/base/digest.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::make_checkpoints {

namespace {

constexpr float spread = 0.02F;        // initializer_range of config.json
constexpr float difference = 0.0015F;  // a fine-tune moves weights by some percent
constexpr std::uint64_t piece_elements = 4096;

std::uint64_t key_of(std::uint64_t seed, std::string_view tensor_name, std::uint64_t model) {
  Digester digester;
  digester.add(tensor_name);
  const std::array<std::uint64_t, 2> numbers = {seed, model};
  digester.add(std::as_bytes(std::span(numbers)));
  std::uint64_t key = 0;
  const Digest digest = digester.finish();
  std::memcpy(&key, digest.bytes.data(), sizeof key);
  return key;
}

/// Integer mixer with two multiplications: good enough for weights, and it vectorises.
std::uint32_t mixed(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}

/// Sum of two uniform numbers, centred, variance 1.
float noise(std::uint32_t key, std::uint32_t element) {
  const std::uint32_t bits = mixed(element ^ key);
  const auto sum = static_cast<std::int32_t>((bits & 0xffffU) + (bits >> 16)) - 0xffff;
  constexpr float scale = 2.44948974F / 65536.0F;  // sqrt(6): the sum of two uniforms has variance 1/6
  return static_cast<float>(sum) * scale;
}

/// Elements whose index differs above bit 31 take another key.
std::uint32_t key_at(std::uint64_t key, std::uint64_t element) {
  const auto high = static_cast<std::uint32_t>(element >> 32);
  return mixed(static_cast<std::uint32_t>(key) + high) ^ static_cast<std::uint32_t>(key >> 32);
}

std::uint16_t rounded_to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

}  // namespace

ValueSource::ValueSource(std::uint64_t seed, std::string_view tensor_name, std::uint64_t model)
    : anchor_key_(key_of(seed, tensor_name, 0)),
      model_key_(key_of(seed, tensor_name, model)),
      is_anchor_(model == 0),
      mean_(tensor_name.ends_with("norm.weight") ? 1.0F : 0.0F) {}

void ValueSource::fill_floats(std::uint64_t first, std::span<float> out) const {
  const std::uint32_t anchor_key = key_at(anchor_key_, first);
  const std::uint32_t model_key = key_at(model_key_, first);
  const auto begin = static_cast<std::uint32_t>(first);
  const float mean = mean_;
  if (is_anchor_) {
    for (std::uint32_t i = 0; i < out.size(); ++i) out[i] = mean + spread * noise(anchor_key, begin + i);
  } else {
    for (std::uint32_t i = 0; i < out.size(); ++i) {
      out[i] = mean + spread * noise(anchor_key, begin + i) + difference * noise(model_key, begin + i);
    }
  }
}

void ValueSource::fill(DType dtype, std::uint64_t first, std::uint64_t count,
                       std::span<std::byte> out) const {
  std::array<float, piece_elements> floats{};
  std::array<std::uint16_t, piece_elements> halves{};
  std::byte* destination = out.data();
  while (count > 0) {
    // Pieces end at multiples of their size, so that none crosses 2^32 elements.
    const std::uint64_t length = std::min(count, piece_elements - first % piece_elements);
    fill_floats(first, std::span(floats).first(length));
    if (dtype == DType::bf16) {
      std::transform(floats.begin(), floats.begin() + static_cast<std::ptrdiff_t>(length), halves.begin(),
                     rounded_to_bf16);
      std::memcpy(destination, halves.data(), length * sizeof(std::uint16_t));
    } else {
      for (std::uint64_t i = 0; i < length; ++i) {
        store_rounded(dtype, destination, i, static_cast<double>(floats[i]));
      }
    }
    destination += length * static_cast<std::uint64_t>(bytes(dtype));
    first += length;
    count -= length;
  }
}

}  // namespace stockpot::make_checkpoints
