#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace stockpot::kernel {

/// Names one sequence of random 32-bit words, one word per element of a tensor. The generator is
/// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011): element
/// e has word e % 4 of the block whose counter is e / 4 in the low 64 bits and `stream` in the high ones. So
/// a word depends on the key and the element alone, never on how a tensor is cut.
struct RandomKey {
  std::uint64_t key = 0;
  std::uint64_t stream = 0;

  friend bool operator==(const RandomKey&, const RandomKey&) = default;
};

/// The sequence of one model's tensor. XXH3-128 of: the seed, the length of the model's name, that name, the
/// length of the tensor's name, that name; numbers as 8 bytes, little-endian. The digest's first 8 bytes,
/// read as a big-endian number, are the key, its last 8 the stream.
RandomKey random_key(std::uint64_t seed, std::string_view model, std::string_view tensor);

/// Words of elements first_element, first_element + 1, ... of the unsharded tensor. Local, thread safe, like
/// the function below. @pre first_element + words.size() <= 2^64
void random_words(RandomKey key, std::uint64_t first_element, std::span<std::uint32_t> words);

/// The threshold at which an element is kept with `probability`: the integer nearest to probability * 2^32,
/// halves up; 0 keeps nothing, 2^32 everything. Throws std::invalid_argument unless 0 <= probability <= 1.
std::uint64_t keep_threshold(double probability);

/// Which of `count` elements to keep, those whose word is below `threshold`: bit i % 64 of bits[i / 64]
/// stands for element first_element + i. Writes ceil(count / 64) integers; bits beyond `count` are 0. Throws
/// std::invalid_argument for a threshold above 2^32. @pre first_element + count <= 2^64
void random_keep_bits(RandomKey key, std::uint64_t first_element, std::uint64_t count,
                      std::uint64_t threshold, std::uint64_t* bits);

namespace reference {
/// One block of Philox4x32-10, in the order of the paper.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);
}  // namespace reference

}  // namespace stockpot::kernel
