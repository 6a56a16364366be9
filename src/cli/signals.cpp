#include "cli/signals.hpp"

#include <csignal>

namespace stockpot::cli {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch it");

void request_stop(int) {
  stop.store(true);
}

}  // namespace

const std::atomic<bool>& stop_requested() {
  return stop;
}

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = request_stop;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace stockpot::cli
