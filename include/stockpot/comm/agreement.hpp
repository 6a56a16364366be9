#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::comm {

/// An error that every rank of a job throws alike after `agree`; names the rank on which it happened.
class CollectiveError : public Error {
 public:
  CollectiveError(int rank, ExitCode code, const std::string& text)
      : CollectiveError(rank, code, text, text, false) {}
  /// `reason` is the text without the rank; `here` is true on the rank that failed.
  CollectiveError(int rank, ExitCode code, const std::string& text, std::string reason, bool here)
      : Error(code, text), rank_(rank), reason_(std::move(reason)), here_(here) {}
  /// Rank in the communicator that agreed.
  [[nodiscard]] int failing_rank() const noexcept { return rank_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  [[nodiscard]] bool happened_here() const noexcept { return here_; }

 private:
  int rank_;
  std::string reason_;
  bool here_;
};

/// Collective. Every rank says whether its part failed (`failure`, null for success). If any did, every rank
/// throws the CollectiveError of the lowest failing rank: same rank, code and text everywhere ("rank 2: ..."
/// when size > 1). Error keeps its code; bad_alloc becomes system_io, any other exception becomes system_io
/// with its text. The text is one line. A CollectiveError of a sub-communicator counts as the failure of the
/// rank where it happened, and its text is not prefixed twice.
/// Cost: one reduction of one integer; a broadcast of the text only after a failure.
void agree(Communicator& communicator, std::exception_ptr failure, std::string_view what);

namespace detail {
/// Throws where a test wants this rank to fail (base/fault.hpp).
void fail_on_request(std::string_view what);
}  // namespace detail

/// Collective. Runs `local` on every rank and agrees on the outcome.
template <typename Local>
void agree_after(Communicator& communicator, std::string_view what, Local&& local) {
  std::exception_ptr failure;
  try {
    detail::fail_on_request(what);
    local();
  } catch (...) {
    failure = std::current_exception();
  }
  agree(communicator, failure, what);
}

/// Collective. Runs `produce` (returning a string) on rank 0 only; every rank gets the text or throws the
/// same error.
template <typename Produce>
std::string from_root(Communicator& communicator, std::string_view what, Produce&& produce) {
  std::string text;
  agree_after(communicator, what, [&] {
    if (communicator.is_root()) text = produce();
  });
  return communicator.broadcast(text, 0, what);
}

}  // namespace stockpot::comm
