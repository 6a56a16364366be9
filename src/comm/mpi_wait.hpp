#pragma once

#include <mpi.h>

#include <chrono>
#include <string_view>

#include "stockpot/base/unique_handle.hpp"

namespace stockpot::comm::detail {

struct MpiCommTraits {
  using Handle = MPI_Comm;
  static Handle none() noexcept { return MPI_COMM_NULL; }
  static void release(Handle handle) noexcept;  ///< does nothing after MPI_Finalize
};
using MpiComm = UniqueHandle<MpiCommTraits>;

/// Sleeps between tests of a request: none for the first 20 us, then an eighth of the time waited so far,
/// between 50 us and 1 ms. So a wait takes at most an eighth longer, and a long one costs no processor.
class BackOff {
 public:
  void pause();

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Returns if `code` is MPI_SUCCESS. Else prints one line with rank, host, `what` and MPI's text, and ends
/// the job with ExitCode::communication: MPI doesn't promise to work after an error.
void check_mpi(MPI_Comm comm, int code, std::string_view what);

/// Waits until `request` is complete and returns its status.
MPI_Status wait_for(MPI_Comm comm, MPI_Request& request, std::string_view what);

}  // namespace stockpot::comm::detail
