#include "cli/progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

namespace stockpot::cli {
namespace {

double share(const engine::Progress& progress) {
  if (progress.total_bytes == 0) return 1.0;
  return std::min(1.0, static_cast<double>(progress.done_bytes) / static_cast<double>(progress.total_bytes));
}

std::string minutes(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

struct Unit {
  double bytes;
  const char* name;
};

Unit unit_of(double bytes) {
  for (const Unit unit : {Unit{1e9, "GB"}, Unit{1e6, "MB"}, Unit{1e3, "KB"}}) {
    if (bytes >= unit.bytes) return unit;
  }
  return {1.0, "B"};
}

/// "12.50", bytes without decimals.
std::string number(double bytes, const Unit& unit) {
  return fmt::format("{:.{}f}", bytes / unit.bytes, unit.bytes > 1.0 ? 2 : 0);
}

struct Drawing {
  double last_seconds = -1.0;
  bool finished = false;
};

}  // namespace

std::string progress_text(const engine::Progress& progress, int width) {
  const double done = share(progress);
  const auto filled = static_cast<std::size_t>(done * width);
  const double rate =
      progress.seconds > 0.0 ? static_cast<double>(progress.done_bytes) / progress.seconds : 0.0;
  const double left =
      rate > 0.0
          ? static_cast<double>(progress.total_bytes - std::min(progress.total_bytes, progress.done_bytes)) /
                rate
          : 0.0;
  const auto total_bytes = static_cast<double>(progress.total_bytes);
  const Unit size_unit = unit_of(total_bytes);
  const Unit rate_unit = unit_of(rate);
  return fmt::format("[{}{}] {:3.0f} %  {} of {} {}  {} {}/s  ETA {}", std::string(filled, '#'),
                     std::string(static_cast<std::size_t>(width) - filled, '-'), std::floor(100.0 * done),
                     number(static_cast<double>(progress.done_bytes), size_unit),
                     number(total_bytes, size_unit), size_unit.name, number(rate, rate_unit), rate_unit.name,
                     minutes(left));
}

engine::ProgressSink make_progress(ProgressStyle style, const std::string& title) {
  constexpr int bar_width = 24;
  constexpr double redraw_seconds = 0.1;
  constexpr double line_seconds = 5.0;
  if (style == ProgressStyle::none) return {};
  const bool terminal = style == ProgressStyle::automatic && isatty(STDERR_FILENO) == 1;
  auto drawing = std::make_shared<Drawing>();
  return [=](const engine::Progress& progress) {
    const bool complete = progress.done_bytes >= progress.total_bytes;
    const double pause = terminal ? redraw_seconds : line_seconds;
    const bool due = drawing->last_seconds < 0.0 || progress.seconds - drawing->last_seconds >= pause;
    if (drawing->finished || (!due && !complete)) return;
    drawing->last_seconds = progress.seconds;
    drawing->finished = complete;
    const std::string text = title + " " + progress_text(progress, bar_width);
    fmt::print(stderr, "{}{}{}", terminal ? "\r\x1b[K" : "", text, terminal && !complete ? "" : "\n");
    std::fflush(stderr);
  };
}

}  // namespace stockpot::cli
