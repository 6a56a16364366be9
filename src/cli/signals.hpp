#pragma once

#include <atomic>

namespace stockpot::cli {

/// Set once SIGUSR1 or SIGTERM has arrived; jobs then commit what is done and end with exit code 75.
const std::atomic<bool>& stop_requested();

/// Catches both signals from now on. SIGPIPE is ignored, so that a closed pipe is an error and no death.
void catch_stop_signals();

}  // namespace stockpot::cli
