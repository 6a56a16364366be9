#include "stockpot/comm/threads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

#include "stockpot/comm/agreement.hpp"

namespace stockpot {
namespace {

using comm::Communicator;
using comm::ReduceOp;
using testing::HasSubstr;

TEST(Threads, RanksAreNumbered) {
  std::atomic<int> seen{0};
  comm::run_threads(5, [&](Communicator& communicator) {
    EXPECT_EQ(communicator.size(), 5);
    seen += 1 << communicator.rank();
  });
  EXPECT_EQ(seen.load(), 0b11111);
}

TEST(Threads, CommunicatorsCanBeHandedToOwnThreads) {
  std::vector<Communicator> communicators = comm::make_threads(3);
  std::vector<std::int64_t> sums(3);
  {
    std::vector<std::jthread> threads;
    for (std::size_t rank = 0; rank < 3; ++rank) {
      threads.emplace_back([&, rank] {
        sums[rank] = communicators[rank].all_reduce<std::int64_t>(1 << rank, ReduceOp::sum, "sum");
      });
    }
  }
  EXPECT_EQ(sums, (std::vector<std::int64_t>{7, 7, 7}));
}

TEST(Threads, AGroupNeedsARank) {
  EXPECT_THROW(comm::make_threads(0), Error);
  EXPECT_THROW(comm::run_threads(-1, [](Communicator&) {}), Error);
}

/// Runs `body` on four ranks and returns each rank's error text ("" for none).
std::vector<std::string> errors_of(const std::function<void(Communicator&)>& body) {
  std::vector<std::string> texts(4);
  const auto record = [&](Communicator& communicator) {
    try {
      body(communicator);
    } catch (const std::exception& error) {
      texts[static_cast<std::size_t>(communicator.rank())] = error.what();
      throw;
    }
  };
  try {
    comm::run_threads(4, record);
  } catch (const std::exception&) {  // each rank's own text was recorded
  }
  return texts;
}

TEST(Threads, ARankThatThrowsWakesTheOthers) {
  const auto body = [](Communicator& communicator) {
    if (communicator.rank() == 2) throw Error(ExitCode::input, "bad header");
    communicator.barrier("after read");
  };
  const auto texts = errors_of(body);
  EXPECT_EQ(texts[2], "bad header");
  for (const std::size_t rank : {0U, 1U, 3U}) {
    EXPECT_EQ(texts[rank], "after read: rank 2 failed: bad header");
  }
  try {
    comm::run_threads(4, body);
    ADD_FAILURE() << "the failure was swallowed";
  } catch (const Error& error) {  // the cause, not what it did to lower ranks
    EXPECT_EQ(error.code(), ExitCode::input);
    EXPECT_STREQ(error.what(), "bad header");
  }
}

TEST(Threads, OfSeveralCausesTheLowestRankCounts) {
  try {
    comm::run_threads(4, [](Communicator& communicator) {
      communicator.barrier("start");
      throw Error(ExitCode::input, std::to_string(communicator.rank()));
    });
    ADD_FAILURE() << "the failures were swallowed";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "0");
  }
}

TEST(Threads, AFailureReachesRanksThatWaitForMessagesOfOthers) {
  const auto texts = errors_of([](Communicator& communicator) {
    std::vector<std::byte> bytes(8);
    if (communicator.rank() == 3) throw std::runtime_error("broken disk");
    if (communicator.rank() == 0) communicator.start_receive(bytes, 1, 0, "tile")->wait();
    if (communicator.rank() == 1) communicator.start_send(bytes, 2, 0, "tile")->wait();
    if (communicator.rank() == 2) communicator.barrier("step");
  });
  EXPECT_EQ(texts[0], "tile: message with rank 1: rank 3 failed: broken disk");
  EXPECT_EQ(texts[1], "tile: message with rank 2: rank 3 failed: broken disk");
  EXPECT_EQ(texts[2], "step: rank 3 failed: broken disk");
}

TEST(Threads, AFailureReachesRanksInASubgroup) {
  const auto texts = errors_of([](Communicator& communicator) {
    Communicator pair = communicator.split(communicator.rank() / 2, 0, "pairs");
    if (communicator.rank() == 3) throw std::runtime_error("broken disk");
    pair.barrier("pair");
    if (communicator.rank() < 2) pair.barrier("the other pair");
  });
  EXPECT_EQ(texts[3], "broken disk");
  // Rank 3 is rank 1 of its pair, which its failing unwinds first. The other pair may or may not get through.
  EXPECT_THAT(texts[2],
              testing::AnyOf("pair: rank 1 has left the group", "pair: rank 3 failed: broken disk"));
}

TEST(Threads, AFailureBreaksASubgroupThatTheFailingRankIsNotIn) {
  const auto texts = errors_of([](Communicator& communicator) {
    const bool fails = communicator.rank() == 3;
    Communicator part = communicator.split(fails ? 1 : 0, 0, "parts");
    if (fails) throw std::runtime_error("broken disk");
    for (;;) part.barrier("round");  // ends only by the failure
  });
  for (const std::size_t rank : {0U, 1U, 2U}) EXPECT_THAT(texts[rank], HasSubstr("round: "));
}

TEST(Threads, ARankThatReturnsEarlyWakesTheOthers) {
  const auto texts = errors_of([](Communicator& communicator) {
    if (communicator.rank() != 1) communicator.barrier("end");
  });
  EXPECT_EQ(texts[1], "");
  EXPECT_EQ(texts[0], "end: rank 1 has left the group");
  EXPECT_EQ(texts[3], "end: rank 1 has left the group");
}

TEST(Threads, ARankThatLeftStillDeliversWhatItSent) {
  std::vector<std::byte> received(1000);
  comm::run_threads(2, [&](Communicator& communicator) {
    if (communicator.rank() == 0) {
      const std::vector<std::byte> bytes(1000, std::byte{9});
      communicator.start_send(bytes, 1, 0, "last")->wait();
    } else {
      communicator.start_receive(received, 0, 0, "last")->wait();
    }
  });
  EXPECT_EQ(received, std::vector<std::byte>(1000, std::byte{9}));
}

TEST(Threads, DifferentCollectivesAreAnErrorOnEveryRank) {
  const auto mixed_calls = errors_of([](Communicator& communicator) {
    if (communicator.rank() == 1) {
      communicator.barrier("step");
    } else {
      (void)communicator.all_reduce<std::int64_t>(1, ReduceOp::sum, "step");
    }
  });
  for (const std::string& text : mixed_calls) EXPECT_THAT(text, HasSubstr("step: ranks disagree"));
  const auto mixed_counts = errors_of([](Communicator& communicator) {
    std::vector<double> values(communicator.rank() == 3 ? 5 : 4);
    communicator.all_reduce(std::span<double>(values), ReduceOp::max, "scales");
  });
  for (const std::string& text : mixed_counts) {
    EXPECT_THAT(text, HasSubstr("rank 0 is in all_reduce of 4 (root 0), rank 3 in all_reduce of 5"));
  }
}

TEST(Threads, AMessageOfAnotherLengthIsAnErrorOfItsReceiver) {
  comm::run_threads(2, [](Communicator& communicator) {
    std::vector<std::byte> bytes(communicator.rank() == 0 ? 8 : 9);
    if (communicator.rank() == 0) {
      communicator.start_send(bytes, 1, 0, "tile")->wait();
    } else {
      const auto receive = communicator.start_receive(bytes, 0, 0, "tile");
      EXPECT_THROW(receive->wait(), Error);
    }
  });
}

TEST(Threads, ThereIsNoRankBeyondTheLast) {
  Communicator serial = comm::make_serial();
  std::vector<std::byte> bytes(1);
  EXPECT_THROW(serial.broadcast(std::span(bytes), 1, "bytes"), Error);
  EXPECT_THROW((void)serial.start_send(bytes, -1, 0, "bytes"), Error);
  EXPECT_THROW((void)serial.start_receive(bytes, 1, 0, "bytes"), Error);
}

TEST(Threads, WaitingDoesNotBurnAProcessor) {
  std::timespec before{};
  std::timespec after{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  comm::run_threads(4, [](Communicator& communicator) {
    if (communicator.is_root()) std::this_thread::sleep_for(std::chrono::milliseconds(400));
    communicator.barrier("wait for the root");
  });
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const double cpu_seconds = static_cast<double>(after.tv_sec - before.tv_sec) +
                             static_cast<double>(after.tv_nsec - before.tv_nsec) * 1e-9;
  EXPECT_LT(cpu_seconds, 0.2);
}

}  // namespace
}  // namespace stockpot
