#include "support/collective_bodies.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "stockpot/comm/grid.hpp"

namespace stockpot::test {
namespace {

using comm::Communicator;
using comm::ReduceOp;

constexpr std::uint64_t counts[] = {0, 1, 2, 7, 8, 100};

std::byte pattern(int seed, std::uint64_t i) {
  return static_cast<std::byte>((static_cast<std::uint64_t>(seed) * 131 + i * 7 + i / 251) & 0xff);
}

std::vector<std::byte> message(int seed, std::uint64_t count) {
  std::vector<std::byte> bytes(count);
  for (std::uint64_t i = 0; i < count; ++i) bytes[i] = pattern(seed, i);
  return bytes;
}

template <typename T>
void reduce_and_compare(Communicator& communicator, std::uint64_t count) {
  const auto value = [](int rank, std::uint64_t i) {
    return static_cast<T>((static_cast<std::uint64_t>(rank) * 37 + i * 11) % 101);
  };
  for (const ReduceOp operation : {ReduceOp::sum, ReduceOp::min, ReduceOp::max}) {
    std::vector<T> values(count);
    for (std::uint64_t i = 0; i < count; ++i) values[i] = value(communicator.rank(), i);
    communicator.all_reduce(std::span<T>(values), operation, "values");
    for (std::uint64_t i = 0; i < count; ++i) {
      T expected = value(0, i);
      for (int rank = 1; rank < communicator.size(); ++rank) {
        const T other = value(rank, i);
        if (operation == ReduceOp::sum) expected += other;
        if (operation == ReduceOp::min) expected = std::min(expected, other);
        if (operation == ReduceOp::max) expected = std::max(expected, other);
      }
      EXPECT_EQ(values[i], expected) << "element " << i << " of " << count;
    }
  }
}

}  // namespace

void check_all_reduce(Communicator& communicator) {
  for (const std::uint64_t count : counts) {
    reduce_and_compare<double>(communicator, count);
    reduce_and_compare<std::int64_t>(communicator, count);
    reduce_and_compare<std::uint64_t>(communicator, count);
  }
  const int size = communicator.size();
  EXPECT_EQ(communicator.all_reduce<std::int64_t>(-communicator.rank(), ReduceOp::min, "lowest"), 1 - size);
  // All 64 bits take part: wide values survive, and the unsigned maximum isn't a negative number.
  constexpr std::uint64_t large = std::numeric_limits<std::uint64_t>::max() - 1000;
  const std::uint64_t mine = large + static_cast<std::uint64_t>(communicator.rank());
  EXPECT_EQ(communicator.all_reduce(mine, ReduceOp::max, "largest"),
            large + static_cast<std::uint64_t>(size - 1));
  EXPECT_EQ(communicator.all_reduce(mine, ReduceOp::min, "smallest"), large);
}

void check_broadcast(Communicator& communicator) {
  for (int root = 0; root < communicator.size(); ++root) {
    for (const std::uint64_t count : counts) {
      std::vector<std::byte> bytes = message(communicator.rank(), count);
      communicator.broadcast(std::span(bytes), root, "bytes");
      EXPECT_EQ(bytes, message(root, count)) << "root " << root << ", " << count << " bytes";
    }
    std::vector<double> values(13, communicator.rank() == root ? 0.1 : -1.0);
    communicator.broadcast(std::span(values), root, "values");
    EXPECT_EQ(values, std::vector<double>(13, 0.1));
  }
}

void check_all_gather(Communicator& communicator) {
  for (const std::uint64_t unit : {0U, 1U, 3U, 40U}) {
    // Uneven: rank r gives r % 3 units, so some ranks give nothing.
    const auto units_of = [&](int rank) { return static_cast<std::uint64_t>(rank % 3) * unit; };
    std::vector<std::uint64_t> mine(units_of(communicator.rank()));
    for (std::uint64_t i = 0; i < mine.size(); ++i) {
      mine[i] = (static_cast<std::uint64_t>(communicator.rank()) << 56) + i;
    }
    std::vector<std::uint64_t> expected;
    for (int rank = 0; rank < communicator.size(); ++rank) {
      for (std::uint64_t i = 0; i < units_of(rank); ++i) {
        expected.push_back((static_cast<std::uint64_t>(rank) << 56) + i);
      }
    }
    EXPECT_EQ(communicator.all_gather(std::span<const std::uint64_t>(mine), "units"), expected);
    communicator.barrier("between gathers");
  }
}

void check_texts(Communicator& communicator) {
  const auto text_of = [](int rank) {
    return std::string(static_cast<std::size_t>(rank * 9 % 23), static_cast<char>('a' + rank));
  };
  std::vector<std::string> expected;
  for (int rank = 0; rank < communicator.size(); ++rank) expected.push_back(text_of(rank));
  EXPECT_EQ(communicator.all_gather(text_of(communicator.rank()), "texts"), expected);
  for (int root = 0; root < communicator.size(); ++root) {
    EXPECT_EQ(communicator.broadcast(text_of(communicator.rank()), root, "text"), text_of(root));
  }
}

void check_messages(Communicator& communicator) {
  const int rank = communicator.rank();
  const int size = communicator.size();
  const int next = (rank + 1) % size;
  const int previous = (rank + size - 1) % size;
  for (const std::uint64_t count : counts) {
    // Three messages of one tag arrive in order although the last receive is waited for first; another tag
    // between them doesn't mix in. With one rank this is a message to itself.
    std::vector<std::vector<std::byte>> out;
    std::vector<std::vector<std::byte>> in(4, std::vector<std::byte>(count));
    for (int n = 0; n < 4; ++n) out.push_back(message(rank * 4 + n, count));
    std::vector<std::unique_ptr<comm::PendingTransfer>> sends;
    std::vector<std::unique_ptr<comm::PendingTransfer>> receives;
    for (std::size_t n = 0; n < 4; ++n) {
      const int tag = n == 3 ? 6 : 5;
      sends.push_back(communicator.start_send(out[n], next, tag, "ring"));
    }
    for (const std::size_t n : {3U, 0U, 1U, 2U}) {
      const int tag = n == 3 ? 6 : 5;
      receives.push_back(communicator.start_receive(in[n], previous, tag, "ring"));
    }
    for (auto receive = receives.rbegin(); receive != receives.rend(); ++receive) (*receive)->wait();
    for (const auto& send : sends) send->wait();
    for (int n = 0; n < 4; ++n) {
      EXPECT_EQ(in[static_cast<std::size_t>(n)], message(previous * 4 + n, count)) << "message " << n;
    }
  }
}

void check_unwaited_messages(Communicator& communicator) {
  const int size = communicator.size();
  const int next = (communicator.rank() + 1) % size;
  const int previous = (communicator.rank() + size - 1) % size;
  const std::vector<std::byte> out = message(communicator.rank(), 300);
  std::vector<std::byte> in(300);
  {
    const auto receive = communicator.start_receive(in, previous, 1, "unwaited");
    const auto send = communicator.start_send(out, next, 1, "unwaited");
  }  // the destructors wait
  EXPECT_EQ(in, message(previous, 300));
}

void check_split(Communicator& communicator) {
  const int rank = communicator.rank();
  const int size = communicator.size();
  // Odd and even ranks, in falling order.
  Communicator half = communicator.split(rank % 2, size - rank, "halves");
  const int expected_size = rank % 2 == 0 ? (size + 1) / 2 : size / 2;
  EXPECT_EQ(half.size(), expected_size);
  EXPECT_EQ(half.rank(), expected_size - 1 - rank / 2);
  std::vector<std::int64_t> members;
  for (int member = size - 1; member >= 0; --member) {
    if (member % 2 == rank % 2) members.push_back(member);
  }
  const std::int64_t mine = rank;
  EXPECT_EQ(half.all_gather(std::span<const std::int64_t>(&mine, 1), "members"), members);
  // A group of a group; traffic of the three doesn't mix.
  Communicator alone = half.split(half.rank(), 0, "singles");
  EXPECT_EQ(alone.size(), 1);
  EXPECT_EQ(alone.all_reduce<std::int64_t>(rank, ReduceOp::sum, "own"), rank);
  EXPECT_EQ(communicator.all_reduce<std::int64_t>(1, ReduceOp::sum, "all"), size);
  // Equal keys: the order of the parent.
  Communicator same = communicator.split(3, 0, "same");
  EXPECT_EQ(same.rank(), rank);
  EXPECT_THROW((void)communicator.split(-1, 0, "negative"), Error);
}

void check_grid(Communicator& communicator) {
  const int size = communicator.size();
  for (int rows = 1; rows <= size; ++rows) {
    if (size % rows != 0) {
      EXPECT_THROW((void)comm::make_grid(communicator, rows, size / rows), Error);
      continue;
    }
    const int columns = size / rows;
    comm::GridCommunicators place = comm::make_grid(communicator, rows, columns);
    EXPECT_EQ(place.row.size(), columns);
    EXPECT_EQ(place.column.size(), rows);
    EXPECT_EQ(place.row.rank(), communicator.rank() % columns);
    EXPECT_EQ(place.column.rank(), communicator.rank() / columns);
    EXPECT_EQ(place.grid.rank_at(place.column.rank(), place.row.rank()), communicator.rank());
    std::int64_t sum = communicator.rank();
    sum = place.row.all_reduce(sum, ReduceOp::sum, "row");
    sum = place.column.all_reduce(sum, ReduceOp::sum, "column");
    EXPECT_EQ(sum, std::int64_t{size} * (size - 1) / 2);
  }
  try {
    (void)comm::make_grid(communicator, size + 1, 1);
    ADD_FAILURE() << "a grid larger than the world was made";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
  }
}

}  // namespace stockpot::test
