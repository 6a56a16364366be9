#include "comm/mpi_wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <thread>

#include "stockpot/base/error.hpp"
#include "stockpot/base/process.hpp"

namespace stockpot::comm::detail {

void MpiCommTraits::release(Handle handle) noexcept {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Comm_free(&handle);
}

void BackOff::pause() {
  using namespace std::chrono_literals;
  const auto waited = std::chrono::steady_clock::now() - start_;
  if (waited < 20us) return;
  std::this_thread::sleep_for(std::clamp<std::chrono::nanoseconds>(waited / 8, 50us, 1ms));
}

void check_mpi(MPI_Comm comm, int code, std::string_view what) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  int rank = -1;
  MPI_Comm_rank(comm, &rank);
  const std::string line =
      fmt::format("stockpot: rank {} on {}: {}: {}\n", rank, host_name(), what, text.data());
  std::fputs(line.c_str(), stderr);
  MPI_Abort(comm, static_cast<int>(ExitCode::communication));
}

MPI_Status wait_for(MPI_Comm comm, MPI_Request& request, std::string_view what) {
  MPI_Status status;
  BackOff back_off;
  for (;;) {
    int done = 0;
    check_mpi(comm, MPI_Test(&request, &done, &status), what);
    if (done != 0) return status;
    back_off.pause();
  }
}

}  // namespace stockpot::comm::detail
