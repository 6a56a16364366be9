// A program has one operator new; this one knows how much is held and how much was.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "stockpot/stats/selection.hpp"
#include "unit/stats/key_sets.hpp"

namespace {

std::atomic<std::int64_t> held_bytes{0};
std::atomic<std::int64_t> most_bytes{0};

void* allocate(std::size_t bytes) {
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  const std::int64_t held = held_bytes += static_cast<std::int64_t>(malloc_usable_size(memory));
  std::int64_t most = most_bytes;
  while (held > most && !most_bytes.compare_exchange_weak(most, held)) {
  }
  return memory;
}

void release(void* memory) {
  if (memory != nullptr) held_bytes -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) {
  return allocate(bytes);
}
void* operator new[](std::size_t bytes) {
  return allocate(bytes);
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete[](void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  release(memory);
}

namespace stockpot {
namespace {

using stats::Reading;

/// The most that a selection of one stream holds, with ranks at a fifth from above and at the middle.
std::int64_t peak_bytes(const std::vector<double>& keys, std::uint64_t memory_bytes) {
  const std::uint64_t elements = keys.size();
  const std::int64_t before = held_bytes;
  most_bytes = before;
  stats::LocalReducer reducer;
  stats::Selection selection(elements, 1, {{0, elements - elements / 5}, {0, elements / 2}}, memory_bytes);
  const auto run = [&] {
    while (selection.next() != Reading::nothing) {
      const Reading reading = selection.next();
      const auto ranges = selection.ranges();
      for (const auto& [first, count] : ranges)
        selection.take(0, first, std::span(keys).subspan(first, count));
      for (std::uint64_t first = 0; first < elements && ranges.empty(); first += 4096) {
        if (reading == Reading::sample && first / 4096 % 64 != 5) continue;
        selection.take(0, first,
                       std::span(keys).subspan(first, std::min<std::uint64_t>(4096, elements - first)));
      }
      selection.end_round(reducer);
    }
  };
  run();
  for (const std::size_t query : {0U, 1U}) selection.keep_lowest(query, selection.found(query).equal / 2);
  run();
  return most_bytes - before;
}

TEST(SelectionMemory, StaysWithinWhatItWasGiven) {
  // For lists as long as the queries are many, and for one of ranges at a time.
  const std::int64_t small_change = 8192;
  std::mt19937_64 random(1);
  for (const auto& set : testing_support::key_sets()) {
    for (const std::uint64_t elements : {100'000U, 1'500'000U}) {
      const std::vector<double> keys = set.make(elements, random);
      for (const std::uint64_t memory :
           {std::uint64_t{0}, std::uint64_t{300'000}, std::uint64_t{3'000'000}}) {
        const auto allowed =
            static_cast<std::int64_t>(std::max(memory, 2 * stats::Selection::least_bytes_per_query));
        const std::int64_t peak = peak_bytes(keys, memory);
        EXPECT_LE(peak, allowed + small_change) << set.name << ", " << elements << " keys";
        EXPECT_GT(peak, 0);
      }
    }
  }
}

}  // namespace
}  // namespace stockpot
