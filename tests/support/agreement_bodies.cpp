#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <new>
#include <stdexcept>

#include "stockpot/comm/agreement.hpp"
#include "support/collective_bodies.hpp"

namespace stockpot::test {
namespace {

using comm::CollectiveError;
using comm::Communicator;

/// The error that `local` leads to; every rank must see the same one.
CollectiveError agreed_error(Communicator& communicator, const std::function<void()>& local) {
  CollectiveError seen(-1, ExitCode::success, "no error");
  try {
    comm::agree_after(communicator, "step", local);
  } catch (const CollectiveError& error) {
    seen = error;
  }
  const std::string mine =
      fmt::format("{} {} {}", seen.failing_rank(), static_cast<int>(seen.code()), seen.what());
  for (const std::string& text : communicator.all_gather(mine, "errors")) EXPECT_EQ(text, mine);
  return seen;
}

std::string prefix(const Communicator& communicator, int rank) {
  return communicator.size() > 1 ? fmt::format("rank {}: ", rank) : "";
}

}  // namespace

void check_agreement(Communicator& communicator) {
  const int rank = communicator.rank();
  EXPECT_EQ(agreed_error(communicator, [] {}).failing_rank(), -1);
  for (int culprit = 0; culprit < communicator.size(); ++culprit) {
    // Everyone from `culprit` on fails, each with another text and code: the lowest one counts.
    const CollectiveError error = agreed_error(communicator, [&] {
      if (rank < culprit) return;
      throw Error(rank == culprit ? ExitCode::input : ExitCode::usage, fmt::format("bad header {}", rank),
                  {"a.safetensors", "w"});
    });
    EXPECT_EQ(error.failing_rank(), culprit);
    EXPECT_EQ(error.code(), ExitCode::input);
    EXPECT_EQ(error.happened_here(), rank == culprit);
    EXPECT_EQ(
        std::string(error.what()),
        prefix(communicator, culprit) + fmt::format("a.safetensors: tensor 'w': bad header {}", culprit));
  }
  const int last = communicator.size() - 1;
  const auto fails_with = [&](auto thrown) {
    return agreed_error(communicator, [&] {
      if (rank == last) throw thrown;
    });
  };
  EXPECT_EQ(fails_with(std::bad_alloc()).code(), ExitCode::system_io);
  EXPECT_THAT(fails_with(std::bad_alloc()).what(), testing::HasSubstr("out of memory"));
  EXPECT_EQ(fails_with(std::runtime_error("two\nlines")).code(), ExitCode::system_io);
  EXPECT_THAT(fails_with(std::runtime_error("two\nlines")).what(), testing::HasSubstr("two lines"));
  EXPECT_EQ(fails_with(7).code(), ExitCode::system_io);
  EXPECT_EQ(fails_with(Error(ExitCode::stopped, "stopped")).code(), ExitCode::stopped);
  EXPECT_EQ(fails_with(Error(ExitCode::input, "")).reason(), "");
}

void check_nested_agreement(Communicator& communicator) {
  const int size = communicator.size();
  const int culprit = size - 1;
  // Ranks of one half agree first; the whole then names the culprit by its rank in the whole, once.
  Communicator half = communicator.split(communicator.rank() % 2, -communicator.rank(), "halves");
  const CollectiveError error = agreed_error(communicator, [&] {
    comm::agree_after(half, "inner step", [&] {
      if (communicator.rank() == culprit) throw Error(ExitCode::verification, "digest differs");
    });
  });
  EXPECT_EQ(error.failing_rank(), culprit);
  EXPECT_EQ(error.code(), ExitCode::verification);
  EXPECT_EQ(std::string(error.what()), prefix(communicator, culprit) + "digest differs");
}

void check_from_root(Communicator& communicator) {
  EXPECT_EQ(comm::from_root(communicator, "text",
                            [&] { return communicator.is_root() ? std::string("from root") : "other"; }),
            "from root");
  const auto produce = []() -> std::string { throw Error(ExitCode::usage, "no recipe"); };
  try {
    (void)comm::from_root(communicator, "text", produce);
    ADD_FAILURE() << "the root's error was lost";
  } catch (const CollectiveError& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_EQ(error.failing_rank(), 0);
  }
}

}  // namespace stockpot::test
