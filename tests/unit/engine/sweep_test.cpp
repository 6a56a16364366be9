#include "stockpot/engine/sweep.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/threads.hpp"

namespace stockpot::engine {
namespace {

using ::testing::HasSubstr;

struct Place {
  std::uint32_t item = 0;
  std::uint64_t unit = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

std::vector<SweepItem> random_items(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::vector<SweepItem> items(generator() % 30);
  for (SweepItem& item : items) {
    item.unit_bytes = 1 + generator() % 100;
    item.bytes = generator() % 5 == 0 ? 0 : generator() % 2000;
  }
  return items;
}

TEST(Sweep, GivesEveryUnitOnceInOrderOnEveryRank) {
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    const std::vector<SweepItem> items = random_items(seed);
    std::vector<Place> expected;
    for (std::uint32_t i = 0; i < items.size(); ++i) {
      for (std::uint64_t begin = 0; begin < items[i].bytes; begin += items[i].unit_bytes) {
        expected.push_back({i, begin / items[i].unit_bytes});
      }
    }
    const int ranks = 1 + static_cast<int>(seed % 5);
    comm::run_threads(ranks, [&](comm::Communicator& world) {
      ReadOptions options;
      options.threads = 1 + static_cast<int>(seed % 3);
      const auto places = sweep<Place>(world, items, options, "test", [] {
        return [](std::uint32_t item, std::uint64_t unit) { return Place{item, unit}; };
      });
      EXPECT_EQ(places, expected) << "seed " << seed;
    });
  }
}

TEST(Sweep, SharesAreBalancedByBytes) {
  const std::vector<SweepItem> items{{1000, 10}, {10, 10}, {3000, 10}, {90, 10}};
  for (const int ranks : {1, 2, 3, 4, 7}) {
    for (int rank = 0; rank < ranks; ++rank) {
      const UnitQueue queue(items, rank, ranks);
      EXPECT_EQ(queue.total_bytes(), 4100U);
      EXPECT_NEAR(static_cast<double>(queue.size()), 410.0 / ranks, 410.0 / ranks * 0.05 + 1.0);
    }
  }
}

TEST(Sweep, AFailureOnOneRankEndsAllWithTheSameError) {
  const std::vector<SweepItem> items{{100000, 1}};
  std::atomic<std::uint64_t> units_run{0};
  comm::run_threads(3, [&](comm::Communicator& world) {
    ReadOptions options;
    options.threads = 2;
    try {
      sweep<Place>(world, items, options, "test", [&] {
        return [&](std::uint32_t item, std::uint64_t unit) {
          if (world.rank() == 1) throw Error(ExitCode::system_io, "no more", {"file.safetensors", "x"});
          std::this_thread::sleep_for(std::chrono::microseconds(200));
          ++units_run;
          return Place{item, unit};
        };
      });
      ADD_FAILURE() << "rank " << world.rank() << " knows nothing of the failure";
    } catch (const comm::CollectiveError& failure) {
      EXPECT_EQ(failure.code(), ExitCode::system_io);
      EXPECT_EQ(failure.failing_rank(), 1);
      EXPECT_THAT(failure.what(), HasSubstr("file.safetensors: tensor 'x': no more"));
    }
  });
  EXPECT_LT(units_run, 50000U) << "the other ranks went on to their end";
}

TEST(Sweep, AFailingWorkerFactoryIsAnErrorToo) {
  comm::run_threads(2, [](comm::Communicator& world) {
    EXPECT_THROW(sweep<Place>(world, {{10, 1}}, {}, "test",
                              []() -> std::function<Place(std::uint32_t, std::uint64_t)> {
                                throw Error(ExitCode::input, "no buffer");
                              }),
                 comm::CollectiveError);
  });
}

TEST(Sweep, AStopRequestOnOneRankStopsAll) {
  const std::vector<SweepItem> items{{100000, 1}};
  const std::atomic<bool> wanted{true};
  comm::run_threads(3, [&](comm::Communicator& world) {
    ReadOptions options;
    if (world.rank() == 2) options.stop_requested = &wanted;
    try {
      sweep<Place>(world, items, options, "test", [] {
        return [](std::uint32_t item, std::uint64_t unit) {
          std::this_thread::sleep_for(std::chrono::microseconds(200));
          return Place{item, unit};
        };
      });
      ADD_FAILURE() << "rank " << world.rank() << " went on";
    } catch (const Error& failure) {
      EXPECT_EQ(failure.code(), ExitCode::stopped);
    }
  });
}

TEST(Sweep, ProgressEndsAtAllBytes) {
  const std::vector<SweepItem> items{{60, 1}};
  comm::run_threads(2, [&](comm::Communicator& world) {
    ReadOptions options;
    engine::Progress last;
    options.progress = [&last](const engine::Progress& progress) {
      EXPECT_GE(progress.done_bytes, last.done_bytes);
      last = progress;
    };
    sweep<Place>(world, items, options, "test", [] {
      return [](std::uint32_t item, std::uint64_t unit) {
        std::this_thread::sleep_for(std::chrono::milliseconds(25));
        return Place{item, unit};
      };
    });
    EXPECT_EQ(last.done_bytes, world.is_root() ? 60U : 0U);
    EXPECT_EQ(last.total_bytes, world.is_root() ? 60U : 0U);
  });
}

}  // namespace
}  // namespace stockpot::engine
