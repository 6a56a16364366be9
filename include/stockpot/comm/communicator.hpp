#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stockpot/base/error.hpp"

namespace stockpot::comm {

enum class ReduceOp { sum, min, max };

/// Element types that a transport can reduce. Sums of doubles are exact only where every order gives the same
/// bits (small integers); anything else goes through `reduce_leaves`.
enum class ElementType { int64, uint64, float64 };

/// A transfer under way; the destructor waits for it, so a buffer never outlives its use unnoticed.
class PendingTransfer {
 public:
  virtual ~PendingTransfer() = default;
  virtual void wait() = 0;  ///< returns when the buffer may be reused (send) or read (receive)
};

/// What a communicator is made of: threads in one process (one of them is serial), or MPI.
/// All counts are 64-bit. Every call names `what` it is for; the name appears in errors.
/// Waiting never burns a processor: it backs off to short sleeps, because worker threads need the core.
class Transport {
 public:
  virtual ~Transport() = default;
  [[nodiscard]] virtual int rank() const noexcept = 0;
  [[nodiscard]] virtual int size() const noexcept = 0;
  virtual void all_reduce(void* values, std::uint64_t count, ElementType type, ReduceOp op,
                          std::string_view what) = 0;
  virtual void broadcast(std::byte* bytes, std::uint64_t count, int root, std::string_view what) = 0;
  /// Concatenation of every rank's bytes in rank order; `counts` receives how many each rank gave.
  virtual std::vector<std::byte> all_gather(std::span<const std::byte> bytes,
                                            std::vector<std::uint64_t>& counts, std::string_view what) = 0;
  virtual void barrier(std::string_view what) = 0;
  /// Point to point; messages between two ranks with one tag arrive in the order they were sent.
  virtual std::unique_ptr<PendingTransfer> start_send(std::span<const std::byte> bytes, int to, int tag,
                                                      std::string_view what) = 0;
  virtual std::unique_ptr<PendingTransfer> start_receive(std::span<std::byte> bytes, int from, int tag,
                                                         std::string_view what) = 0;
  virtual std::unique_ptr<Transport> split(int color, int key, std::string_view what) = 0;
  /// Ends every rank of the job at once with `code`; only for failures after which agreement is impossible.
  [[noreturn]] virtual void abort(ExitCode code) = 0;
};

/// A group of ranks. Move-only; no constructor, copy, destructor or getter communicates.
/// One thread per rank calls it (the rank's main thread).
class Communicator {
 public:
  explicit Communicator(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

  [[nodiscard]] int rank() const noexcept { return transport_->rank(); }
  [[nodiscard]] int size() const noexcept { return transport_->size(); }
  [[nodiscard]] bool is_root() const noexcept { return rank() == 0; }

  /// Collective. Element-wise reduction in place; every rank gets the result.
  template <typename T>
  void all_reduce(std::span<T> values, ReduceOp op, std::string_view what) {
    transport_->all_reduce(values.data(), values.size(), element_type<T>(), op, what);
  }
  /// Collective. Reduction of one value.
  template <typename T>
  [[nodiscard]] T all_reduce(T value, ReduceOp op, std::string_view what) {
    all_reduce(std::span<T>(&value, 1), op, what);
    return value;
  }
  /// Collective. `values` of `root` overwrite everyone's; sizes must agree.
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void broadcast(std::span<T> values, int root, std::string_view what) {
    const auto bytes = std::as_writable_bytes(values);
    transport_->broadcast(bytes.data(), bytes.size(), root, what);
  }
  /// Collective. `text` of `root`, of any length, on every rank.
  [[nodiscard]] std::string broadcast(const std::string& text, int root, std::string_view what);
  /// Collective. Every rank's values, concatenated in rank order.
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::vector<T> all_gather(std::span<const T> values, std::string_view what) {
    std::vector<std::uint64_t> counts;
    const std::vector<std::byte> bytes = transport_->all_gather(std::as_bytes(values), counts, what);
    std::vector<T> gathered(bytes.size() / sizeof(T));
    std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span(gathered)).begin());
    return gathered;
  }
  /// Collective. Every rank's text, by rank.
  [[nodiscard]] std::vector<std::string> all_gather(const std::string& text, std::string_view what);
  /// Collective.
  void barrier(std::string_view what) { transport_->barrier(what); }
  /// Collective. Ranks of one color (>= 0) form a group, ordered by key, then by rank here.
  [[nodiscard]] Communicator split(int color, int key, std::string_view what) {
    return Communicator(transport_->split(color, key, what));
  }
  /// Local. Starts a transfer to or from one rank; see Transport.
  [[nodiscard]] std::unique_ptr<PendingTransfer> start_send(std::span<const std::byte> bytes, int to, int tag,
                                                            std::string_view what) {
    return transport_->start_send(bytes, to, tag, what);
  }
  [[nodiscard]] std::unique_ptr<PendingTransfer> start_receive(std::span<std::byte> bytes, int from, int tag,
                                                               std::string_view what) {
    return transport_->start_receive(bytes, from, tag, what);
  }
  /// Local. Ends every rank of the job at once; see Transport.
  [[noreturn]] void abort(ExitCode code) {
    transport_->abort(code);
    std::abort();  // a virtual function's noreturn is only a promise to the compiler
  }

 private:
  template <typename T>
  static constexpr ElementType element_type() {
    if constexpr (std::is_same_v<T, double>) {
      return ElementType::float64;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      return ElementType::int64;
    } else {
      static_assert(std::is_same_v<T, std::uint64_t>, "reductions take double, int64_t or uint64_t");
      return ElementType::uint64;
    }
  }

  std::unique_ptr<Transport> transport_;
};

/// One rank, one thread; every collective returns at once.
Communicator make_serial();

}  // namespace stockpot::comm
