// A test that fails on the last rank only: the job must fail and rank 0 must not call it OK.

#include <gtest/gtest.h>

#include "support/mpi_runtime.hpp"

TEST(Listener, TellsOfOtherRanks) {
  stockpot::comm::Communicator world = stockpot::comm::make_mpi(stockpot::test::mpi_runtime());
  EXPECT_NE(world.rank(), world.size() - 1) << "on purpose";
}
