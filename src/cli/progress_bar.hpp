#pragma once

#include <string>

#include "stockpot/engine/options.hpp"

namespace stockpot::cli {

enum class ProgressStyle { automatic, plain, none };

/// A sink that draws on standard error: a bar that redraws itself on a terminal, a line every few seconds
/// elsewhere, nothing.
engine::ProgressSink make_progress(ProgressStyle style, const std::string& title);

/// "[#####-----]  50 %  1.10 of 2.20 GB  850.00 MB/s  ETA 0:02"; decimal units, each the largest that leaves
/// a number of at least 1.
std::string progress_text(const engine::Progress& progress, int width);

}  // namespace stockpot::cli
