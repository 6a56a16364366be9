#include "stockpot/comm/mpi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "comm/mpi_wait.hpp"

namespace stockpot::comm {
namespace {

using detail::check_mpi;
using detail::wait_for;

MPI_Datatype mpi_type(ElementType type) {
  switch (type) {
    case ElementType::int64:
      return MPI_INT64_T;
    case ElementType::uint64:
      return MPI_UINT64_T;
    case ElementType::float64:
      return MPI_DOUBLE;
  }
  return MPI_DATATYPE_NULL;
}

MPI_Op mpi_operation(ReduceOp operation) {
  switch (operation) {
    case ReduceOp::sum:
      return MPI_SUM;
    case ReduceOp::min:
      return MPI_MIN;
    case ReduceOp::max:
      return MPI_MAX;
  }
  return MPI_OP_NULL;
}

/// An owned communicator, shared with the transfers under way on it.
struct Group {
  detail::MpiComm comm;
  int rank = 0;
  int size = 1;
  std::uint64_t chunk_bytes = 1;
};

std::shared_ptr<const Group> make_group(MPI_Comm comm, std::uint64_t chunk_bytes) {
  auto group = std::make_shared<Group>();
  group->comm.reset(comm);
  check_mpi(comm, MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN), "error handler");
  check_mpi(comm, MPI_Comm_rank(comm, &group->rank), "rank");
  check_mpi(comm, MPI_Comm_size(comm, &group->size), "size");
  constexpr std::uint64_t largest_count = std::numeric_limits<int>::max();
  group->chunk_bytes = std::clamp<std::uint64_t>(chunk_bytes, 1, largest_count);
  return group;
}

/// Calls `piece(first, count)` for consecutive pieces of at most `most` of `total`; `count` fits an int.
template <typename Piece>
void for_each_piece(std::uint64_t total, std::uint64_t most, Piece&& piece) {
  for (std::uint64_t first = 0; first < total; first += most) {
    piece(first, static_cast<int>(std::min(most, total - first)));
  }
}

/// The pieces of one message under way; pieces of one message are received in the order they were sent.
class MpiTransfer final : public PendingTransfer {
 public:
  enum class Direction { send, receive };

  MpiTransfer(std::shared_ptr<const Group> group, Direction direction, int peer, std::string_view what)
      : group_(std::move(group)), direction_(direction), peer_(peer), what_(what) {}
  ~MpiTransfer() override {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (finalized != 0) return;
    for (Piece& piece : pieces_) wait_for(group_->comm.get(), piece.request, what_);
  }

  MPI_Request& add_piece(int count) { return pieces_.emplace_back(Piece{MPI_REQUEST_NULL, count}).request; }

  void wait() override {
    bool whole = true;
    for (Piece& piece : pieces_) {
      const MPI_Status status = wait_for(group_->comm.get(), piece.request, what_);
      if (direction_ == Direction::send) continue;
      int received = 0;
      check_mpi(group_->comm.get(), MPI_Get_count(&status, MPI_BYTE, &received), what_);
      whole = whole && received == piece.count;
    }
    pieces_.clear();
    if (whole) return;
    throw Error(ExitCode::communication,
                fmt::format("{}: rank {} sent a shorter message than expected", what_, peer_));
  }

 private:
  struct Piece {
    MPI_Request request;
    int count;
  };

  std::shared_ptr<const Group> group_;
  Direction direction_;
  int peer_;
  std::string what_;
  std::vector<Piece> pieces_;
};

class MpiTransport final : public Transport {
 public:
  explicit MpiTransport(std::shared_ptr<const Group> group) : group_(std::move(group)) {}

  [[nodiscard]] int rank() const noexcept override { return group_->rank; }
  [[nodiscard]] int size() const noexcept override { return group_->size; }

  void all_reduce(void* values, std::uint64_t count, ElementType type, ReduceOp operation,
                  std::string_view what) override {
    constexpr std::uint64_t element_bytes = sizeof(std::uint64_t);
    auto* bytes = static_cast<std::byte*>(values);
    const std::uint64_t most = std::max<std::uint64_t>(1, group_->chunk_bytes / element_bytes);
    for_each_piece(count, most, [&](std::uint64_t first, int piece) {
      complete(what, [&](MPI_Request* request) {
        return MPI_Iallreduce(MPI_IN_PLACE, bytes + first * element_bytes, piece, mpi_type(type),
                              mpi_operation(operation), comm(), request);
      });
    });
  }

  void broadcast(std::byte* bytes, std::uint64_t count, int root, std::string_view what) override {
    for_each_piece(count, group_->chunk_bytes, [&](std::uint64_t first, int piece) {
      complete(what, [&](MPI_Request* request) {
        return MPI_Ibcast(bytes + first, piece, MPI_BYTE, root, comm(), request);
      });
    });
  }

  std::vector<std::byte> all_gather(std::span<const std::byte> bytes, std::vector<std::uint64_t>& counts,
                                    std::string_view what) override;

  void barrier(std::string_view what) override {
    complete(what, [&](MPI_Request* request) { return MPI_Ibarrier(comm(), request); });
  }

  std::unique_ptr<PendingTransfer> start_send(std::span<const std::byte> bytes, int to, int tag,
                                              std::string_view what) override {
    auto transfer = std::make_unique<MpiTransfer>(group_, MpiTransfer::Direction::send, to, what);
    for_each_message_piece(bytes.size(), [&](std::uint64_t first, int piece) {
      MPI_Request& request = transfer->add_piece(piece);
      check_mpi(comm(), MPI_Isend(bytes.data() + first, piece, MPI_BYTE, to, tag, comm(), &request), what);
    });
    return transfer;
  }

  std::unique_ptr<PendingTransfer> start_receive(std::span<std::byte> bytes, int from, int tag,
                                                 std::string_view what) override {
    auto transfer = std::make_unique<MpiTransfer>(group_, MpiTransfer::Direction::receive, from, what);
    for_each_message_piece(bytes.size(), [&](std::uint64_t first, int piece) {
      MPI_Request& request = transfer->add_piece(piece);
      check_mpi(comm(), MPI_Irecv(bytes.data() + first, piece, MPI_BYTE, from, tag, comm(), &request), what);
    });
    return transfer;
  }

  std::unique_ptr<Transport> split(int color, int key, std::string_view what) override {
    if (color < 0) throw Error(ExitCode::communication, fmt::format("{}: negative color {}", what, color));
    MPI_Comm part = MPI_COMM_NULL;
    check_mpi(comm(), MPI_Comm_split(comm(), color, key, &part), what);
    return std::make_unique<MpiTransport>(make_group(part, group_->chunk_bytes));
  }

  [[noreturn]] void abort(ExitCode code) override {
    std::fflush(nullptr);
    MPI_Abort(comm(), static_cast<int>(code));
    std::_Exit(static_cast<int>(code));  // MPI_Abort doesn't return, but isn't declared so
  }

 private:
  [[nodiscard]] MPI_Comm comm() const noexcept { return group_->comm.get(); }

  template <typename Start>
  void complete(std::string_view what, Start&& start) {
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(comm(), start(&request), what);
    wait_for(comm(), request, what);
  }

  /// Like for_each_piece, but an empty message is one empty piece.
  template <typename Piece>
  void for_each_message_piece(std::uint64_t total, Piece&& piece) {
    if (total == 0) return piece(0, 0);
    for_each_piece(total, group_->chunk_bytes, piece);
  }

  std::shared_ptr<const Group> group_;
};

// The concatenation is cut into windows below MPI's int counts; in each window every rank contributes the
// part of its bytes that falls into it, and offsets are counted from the window's start.
std::vector<std::byte> MpiTransport::all_gather(std::span<const std::byte> bytes,
                                                std::vector<std::uint64_t>& counts, std::string_view what) {
  const auto ranks = static_cast<std::size_t>(size());
  const std::uint64_t mine = bytes.size();
  counts.assign(ranks, 0);
  complete(what, [&](MPI_Request* request) {
    return MPI_Iallgather(&mine, 1, MPI_UINT64_T, counts.data(), 1, MPI_UINT64_T, comm(), request);
  });
  std::vector<std::uint64_t> begins(ranks + 1, 0);
  std::inclusive_scan(counts.begin(), counts.end(), begins.begin() + 1);

  std::vector<std::byte> gathered(begins.back());
  std::vector<int> piece_counts(ranks);
  std::vector<int> piece_offsets(ranks);
  const std::uint64_t my_begin = begins[static_cast<std::size_t>(rank())];
  for_each_piece(gathered.size(), group_->chunk_bytes, [&](std::uint64_t window, int window_bytes) {
    const std::uint64_t window_end = window + static_cast<std::uint64_t>(window_bytes);
    const auto inside = [&](std::uint64_t position) { return std::clamp(position, window, window_end); };
    for (std::size_t r = 0; r < ranks; ++r) {
      piece_counts[r] = static_cast<int>(inside(begins[r + 1]) - inside(begins[r]));
      piece_offsets[r] = static_cast<int>(inside(begins[r]) - window);
    }
    const int my_count = piece_counts[static_cast<std::size_t>(rank())];
    const std::byte* my_piece = my_count == 0 ? nullptr : bytes.data() + (inside(my_begin) - my_begin);
    complete(what, [&](MPI_Request* request) {
      return MPI_Iallgatherv(my_piece, my_count, MPI_BYTE, gathered.data() + window, piece_counts.data(),
                             piece_offsets.data(), MPI_BYTE, comm(), request);
    });
  });
  return gathered;
}

}  // namespace

Communicator make_mpi(MpiRuntime& /*runtime: proof that MPI is initialised*/, std::uint64_t chunk_bytes) {
  MPI_Comm world = MPI_COMM_NULL;
  check_mpi(MPI_COMM_WORLD, MPI_Comm_dup(MPI_COMM_WORLD, &world), "communicator of all ranks");
  return Communicator(std::make_unique<MpiTransport>(make_group(world, chunk_bytes)));
}

}  // namespace stockpot::comm
