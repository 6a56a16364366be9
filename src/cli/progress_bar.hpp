#pragma once

#include <string>

#include "stockpot/engine/options.hpp"

namespace stockpot::cli {

enum class ProgressStyle { automatic, plain, none };

/// A sink that draws on standard error: a bar that redraws itself on a terminal, a line every few seconds
/// elsewhere, nothing.
engine::ProgressSink make_progress(ProgressStyle style, const std::string& title);

/// "[#####-----]  50 %  1.10 GB of 2.20 GB  1.5 GB/s  ETA 0:01".
std::string progress_text(const engine::Progress& progress, int width);

}  // namespace stockpot::cli
