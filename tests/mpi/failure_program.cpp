// Ends in the way its argument names; tests/mpi/check_failure.cmake compares exit code, output and time.

#include <array>
#include <cstdio>
#include <optional>
#include <string>

#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/mpi.hpp"

namespace {

using namespace stockpot;

/// Every rank's error, printed by the root alone: mpirun stops passing on a rank's output when another ends.
void print_errors(comm::Communicator& world, const Error& error) {
  for (const std::string& text : world.all_gather(error.what(), "texts")) {
    if (world.is_root()) std::fprintf(stderr, "%s\n", text.c_str());
  }
}

/// Returns the exit code.
int run(comm::MpiRuntime& runtime, const std::string& mode) {
  comm::Communicator world = comm::make_mpi(runtime);
  const int last = world.size() - 1;
  try {
    comm::agree_after(world, "read", [&] {
      if (mode == "agree" && world.rank() == last) {
        throw Error(ExitCode::input, "header is truncated", {"model.safetensors", ""});
      }
    });
  } catch (const comm::CollectiveError& error) {
    print_errors(world, error);
    return static_cast<int>(error.code());
  }
  if (mode == "abort") {
    if (world.rank() == last) {
      std::fprintf(stderr, "rank %d gives up\n", last);
      world.abort(ExitCode::verification);
    }
    world.barrier("never complete");
  } else if (mode == "mpi_error") {  // more bytes than the receiver has room for
    std::array<std::byte, 16> bytes{};
    if (world.rank() == last) world.start_send(bytes, 0, 1, "oversized tile")->wait();
    if (world.is_root()) world.start_receive(std::span(bytes).first(4), last, 1, "oversized tile")->wait();
    world.barrier("never complete");
  } else if (mode == "late_release") {
    static std::optional<comm::Communicator> late;  // goes after MPI_Finalize
    late.emplace(world.split(0, 0, "late"));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    comm::MpiRuntime runtime(&argc, &argv);
    return run(runtime, argc > 1 ? argv[1] : "");
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
