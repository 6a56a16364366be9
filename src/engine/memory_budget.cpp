#include "stockpot/engine/memory_budget.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::engine {

void MemoryBudget::Token::Free::operator()(std::byte* bytes) const noexcept {
  std::free(bytes);
}

MemoryBudget::Token::Token(MemoryBudget* budget, std::uint64_t size) : budget_(budget), size_(size) {
  constexpr std::uint64_t page_bytes = 4096;
  const std::uint64_t rounded = (size + page_bytes - 1) / page_bytes * page_bytes;
  bytes_.reset(static_cast<std::byte*>(std::aligned_alloc(page_bytes, std::max(rounded, page_bytes))));
  if (!bytes_) throw std::bad_alloc();
}

MemoryBudget::Token::~Token() {
  if (budget_ != nullptr) budget_->used_bytes_ -= size_;
}

MemoryBudget::Token MemoryBudget::acquire(std::uint64_t bytes) {
  const std::uint64_t used = used_bytes_ += bytes;
  if (limit_bytes_ && used > *limit_bytes_) {
    used_bytes_ -= bytes;
    throw Error(ExitCode::system_io, "the memory budget of " + format_size(*limit_bytes_) +
                                         " does not hold another " + format_size(bytes));
  }
  std::uint64_t peak = peak_bytes_.load();
  while (used > peak && !peak_bytes_.compare_exchange_weak(peak, used)) {
  }
  try {
    return Token(this, bytes);
  } catch (...) {
    used_bytes_ -= bytes;
    throw;
  }
}

}  // namespace stockpot::engine
