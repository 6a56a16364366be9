#pragma once

#include <functional>
#include <vector>

#include "stockpot/comm/communicator.hpp"

namespace stockpot::comm {

/// `size` communicators that talk through shared memory, one for each of as many threads.
std::vector<Communicator> make_threads(int size);

/// Runs `body(communicator)` on `size` threads at once and rethrows the first exception (lowest rank).
/// A rank that throws wakes the others: their next collective throws Error{communication}, so nothing hangs.
void run_threads(int size, const std::function<void(Communicator&)>& body);

}  // namespace stockpot::comm
