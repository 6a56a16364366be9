#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace stockpot::engine {

/// Every large buffer of a rank is a token of its budget, so that the peak is known and the limit can't be
/// passed by mistake.
class MemoryBudget {
 public:
  /// A buffer that gives its bytes back when it goes.
  class Token {
   public:
    Token(Token&& other) noexcept
        : budget_(other.budget_), size_(other.size_), bytes_(std::move(other.bytes_)) {
      other.budget_ = nullptr;
    }
    Token& operator=(Token&&) = delete;
    ~Token();
    [[nodiscard]] std::byte* data() const noexcept { return bytes_.get(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

   private:
    friend class MemoryBudget;
    struct Free {
      void operator()(std::byte* bytes) const noexcept;
    };
    Token(MemoryBudget* budget, std::uint64_t size);
    MemoryBudget* budget_;
    std::uint64_t size_;
    std::unique_ptr<std::byte[], Free> bytes_;
  };

  explicit MemoryBudget(std::optional<std::uint64_t> limit_bytes) : limit_bytes_(limit_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// A page-aligned buffer. Throws Error{system_io} beyond the limit: the plan promised otherwise. Thread
  /// safe.
  [[nodiscard]] Token acquire(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t peak_bytes() const noexcept { return peak_bytes_.load(); }
  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return used_bytes_.load(); }

 private:
  std::optional<std::uint64_t> limit_bytes_;
  std::atomic<std::uint64_t> used_bytes_{0};
  std::atomic<std::uint64_t> peak_bytes_{0};
};

}  // namespace stockpot::engine
