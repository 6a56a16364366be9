#include "cli/session.hpp"

#include "stockpot/base/fault.hpp"

namespace stockpot::cli {

Session::Session(int* argc, char*** argv) {
  if (comm::has_launcher()) {
    runtime_ = std::make_unique<comm::MpiRuntime>(argc, argv);
    world_.emplace(comm::make_mpi(*runtime_));
  } else {
    world_.emplace(comm::make_serial());
  }
  set_fault_rank(world_->rank());
}

double Session::mpi_init_seconds() const {
  return runtime_ ? runtime_->init_seconds() : 0.0;
}

}  // namespace stockpot::cli
