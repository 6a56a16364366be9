#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <chrono>

#include "stockpot/comm/mpi.hpp"

namespace stockpot::comm {
namespace {

// Whatever variable announces the ranks: srun sets PMI_SIZE too, with a plugin that Open MPI does not speak.
constexpr const char* remedy =
    "start it with `srun --mpi=pmix` or with the mpirun of the MPI library it was built with";

}  // namespace

int announced_ranks() {
  return current_launch().ranks;
}

int announced_rank() {
  return current_launch().rank;
}

bool has_launcher() {
  return current_launch().launched;
}

MpiRuntime::MpiRuntime(int* argc, char*** argv) {
  const Launch launch = current_launch();
  // Open MPI would end the process from within MPI_Init, with an exit code of its own.
  if (!launch.has_server && library_version().starts_with("Open MPI")) {
    throw Error(ExitCode::communication, fmt::format("{} announces {} ranks that can't find one another: {}",
                                                     launch.variable, launch.ranks, remedy));
  }
  const auto start = std::chrono::steady_clock::now();
  int level = MPI_THREAD_SINGLE;
  if (MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS) {
    throw Error(ExitCode::communication, "MPI could not be initialised");
  }
  init_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::string problem;
  if (level < MPI_THREAD_FUNNELED) problem = "this MPI library does not support threads";
  if (size < launch.ranks) {
    problem = fmt::format("{} announces {} ranks but MPI found {}: {}", launch.variable, launch.ranks, size,
                          remedy);
  }
  if (problem.empty()) return;
  MPI_Finalize();
  throw Error(ExitCode::communication, problem);
}

MpiRuntime::~MpiRuntime() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Finalize();
}

std::string MpiRuntime::library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  if (MPI_Get_library_version(text.data(), &length) != MPI_SUCCESS) return "unknown MPI";
  const std::string version(text.data());
  return version.substr(0, version.find_first_of(",\n"));
}

}  // namespace stockpot::comm
