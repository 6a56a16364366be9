#pragma once

#include <utility>

namespace stockpot {

/// Sole owner of a C handle (file descriptor, hid_t, MPI_Comm, ...).
/// `Traits` gives `using Handle`, `static Handle none() noexcept`, `static void release(Handle) noexcept`.
/// Moving into a holder that owns a handle releases the old one first.
template <typename Traits>
class UniqueHandle {
 public:
  using Handle = typename Traits::Handle;

  UniqueHandle() noexcept = default;
  explicit UniqueHandle(Handle handle) noexcept : handle_(handle) {}
  UniqueHandle(UniqueHandle&& other) noexcept : handle_(other.take()) {}
  UniqueHandle& operator=(UniqueHandle&& other) noexcept {
    if (this != &other) reset(other.take());
    return *this;
  }
  UniqueHandle(const UniqueHandle&) = delete;
  UniqueHandle& operator=(const UniqueHandle&) = delete;
  ~UniqueHandle() { reset(); }

  [[nodiscard]] Handle get() const noexcept { return handle_; }
  [[nodiscard]] explicit operator bool() const noexcept { return handle_ != Traits::none(); }
  [[nodiscard]] Handle take() noexcept { return std::exchange(handle_, Traits::none()); }
  void reset(Handle handle = Traits::none()) noexcept {
    const Handle old = std::exchange(handle_, handle);
    if (old != Traits::none()) Traits::release(old);
  }

 private:
  Handle handle_ = Traits::none();
};

}  // namespace stockpot
