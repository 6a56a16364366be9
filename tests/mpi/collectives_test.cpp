#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <thread>

#include "stockpot/comm/agreement.hpp"
#include "support/collective_bodies.hpp"
#include "support/mpi_runtime.hpp"

namespace stockpot {
namespace {

struct Case {
  test::NamedBody body;
  std::uint64_t chunk_bytes;
};

/// 7 bytes would split every element of 8, were elements not kept whole; 0 must not stand still.
std::vector<Case> cases() {
  constexpr std::uint64_t default_chunk = std::uint64_t{1} << 30;
  std::vector<Case> list;
  for (const test::NamedBody& body : test::collective_bodies) {
    // Thousands of tiny pieces take long on few processors; the bodies it is built from see the tiny sizes.
    const bool is_long = std::string_view(body.name) == "ordered_reduction";
    for (const std::uint64_t chunk_bytes :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{8}, std::uint64_t{64},
          std::uint64_t{4096}, default_chunk, ~std::uint64_t{0}}) {
      if (is_long && chunk_bytes < 4096) continue;
      list.push_back({body, chunk_bytes});
    }
  }
  return list;
}

class CollectivesOverMpi : public testing::TestWithParam<Case> {};

TEST_P(CollectivesOverMpi, Hold) {
  comm::Communicator world = comm::make_mpi(test::mpi_runtime(), GetParam().chunk_bytes);
  GetParam().body.run(world);
}

INSTANTIATE_TEST_SUITE_P(EveryBody, CollectivesOverMpi, testing::ValuesIn(cases()),
                         [](const auto& test_info) {
                           return std::string(test_info.param.body.name) + "_chunk" +
                                  std::to_string(test_info.param.chunk_bytes);
                         });

double processor_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

TEST(Mpi, WaitingDoesNotBurnAProcessor) {
  comm::Communicator world = comm::make_mpi(test::mpi_runtime());
  world.barrier("start");
  const double before = processor_seconds();
  if (world.is_root()) std::this_thread::sleep_for(std::chrono::milliseconds(500));
  world.barrier("wait for the root");
  EXPECT_LT(processor_seconds() - before, 0.15);
}

TEST(Mpi, ARankThatThrowsEndsAllAlikeInSeconds) {
  comm::Communicator world = comm::make_mpi(test::mpi_runtime());
  const auto start = std::chrono::steady_clock::now();
  std::string seen = "nothing";
  try {
    comm::agree_after(world, "read", [&] {
      if (world.rank() == world.size() - 1) throw Error(ExitCode::input, "truncated", {"a.safetensors", "w"});
    });
  } catch (const comm::CollectiveError& error) {
    seen = error.what();
    EXPECT_EQ(error.code(), ExitCode::input);
  }
  EXPECT_THAT(seen, testing::EndsWith("a.safetensors: tensor 'w': truncated"));
  for (const std::string& other : world.all_gather(seen, "texts")) EXPECT_EQ(other, seen);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Mpi, AShortMessageIsAnErrorOfItsReceiver) {
  comm::Communicator world = comm::make_mpi(test::mpi_runtime(), 4);
  const int next = (world.rank() + 1) % world.size();
  const int previous = (world.rank() + world.size() - 1) % world.size();
  const std::vector<std::byte> out(8);
  std::vector<std::byte> in(8);
  const auto first = world.start_send(std::span(out).first(2), next, 0, "tile");
  const auto receive = world.start_receive(std::span(in).first(3), previous, 0, "tile");
  EXPECT_THROW(receive->wait(), Error);
}

TEST(Mpi, MegabytesArriveWhole) {
  comm::Communicator world = comm::make_mpi(test::mpi_runtime(), 100'003);
  const int next = (world.rank() + 1) % world.size();
  const int previous = (world.rank() + world.size() - 1) % world.size();
  std::vector<std::uint32_t> out(1 << 20);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint32_t>(i * 2654435761U) + static_cast<std::uint32_t>(world.rank());
  }
  std::vector<std::uint32_t> in(out.size());
  const auto receive = world.start_receive(std::as_writable_bytes(std::span(in)), previous, 3, "tile");
  const auto send = world.start_send(std::as_bytes(std::span(out)), next, 3, "tile");
  world.barrier("while messages are under way");
  receive->wait();
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    wrong +=
        in[i] != static_cast<std::uint32_t>(i * 2654435761U) + static_cast<std::uint32_t>(previous) ? 1U : 0U;
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(world.all_gather(std::span<const std::uint32_t>(out), "all").size(),
            out.size() * static_cast<std::size_t>(world.size()));
}

}  // namespace
}  // namespace stockpot
