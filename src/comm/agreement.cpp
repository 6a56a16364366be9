#include "stockpot/comm/agreement.hpp"

#include <fmt/format.h>

#include <new>
#include <system_error>

#include "stockpot/base/fault.hpp"

namespace stockpot::comm {
namespace {

struct Failure {
  ExitCode code = ExitCode::system_io;
  std::string reason;
  bool happened_here = true;
};

std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

Failure describe(const std::exception_ptr& failure, std::string_view what) {
  try {
    std::rethrow_exception(failure);
  } catch (const CollectiveError& error) {
    return {error.code(), error.reason(), error.happened_here()};
  } catch (const Error& error) {
    return {error.code(), one_line(error.what())};
  } catch (const std::bad_alloc&) {
    return {ExitCode::system_io, fmt::format("{}: out of memory", what)};
  } catch (const std::exception& error) {
    return {ExitCode::system_io, one_line(fmt::format("{}: {}", what, error.what()))};
  } catch (...) {
    return {ExitCode::system_io, fmt::format("{}: unknown exception", what)};
  }
}

}  // namespace

void detail::fail_on_request(std::string_view what) {
  if (const int error = fault(FaultPoint::agree, 0).error; error != 0) {
    throw Error(ExitCode::system_io, fmt::format("{}: {}", what, std::generic_category().message(error)));
  }
}

void agree(Communicator& communicator, std::exception_ptr failure, std::string_view what) {
  const int size = communicator.size();
  Failure mine;
  // A rank where it happened comes before one that was only told by a sub-communicator; success comes last.
  std::int64_t place = std::int64_t{2} * size;
  if (failure) {
    mine = describe(failure, what);
    place = communicator.rank() + (mine.happened_here ? 0 : size);
  }
  const std::int64_t lowest = communicator.all_reduce(place, ReduceOp::min, what);
  if (lowest == std::int64_t{2} * size) return;

  const int culprit = static_cast<int>(lowest % size);
  const std::string message =
      communicator.broadcast(static_cast<char>(mine.code) + mine.reason, culprit, what);
  const auto code = static_cast<ExitCode>(message.front());
  const std::string reason = message.substr(1);
  const std::string text = size > 1 ? fmt::format("rank {}: {}", culprit, reason) : reason;
  throw CollectiveError(culprit, code, text, reason, lowest == communicator.rank());
}

}  // namespace stockpot::comm
