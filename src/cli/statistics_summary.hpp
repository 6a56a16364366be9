#pragma once

#include <string>

#include "cli/command.hpp"
#include "stockpot/engine/statistics_job.hpp"

namespace stockpot::cli {

/// Prints what was written: one line, or with --json {"out":, "model_digest":, "examples":, "tokens":,
/// "labels":, "seconds":, "gram": {module: {"tokens":, "shape":}}, "fisher": {tensor: {"examples":, ...}},
/// ...}, a key for each kind that the file has. Rank 0 only.
void print_statistics(const engine::StatisticsSummary& summary, const std::string& out, bool json);

/// The value of a required option; Error{usage} saying what it is for.
std::string required_option(const Parsed& parsed, const std::string& command, const std::string& option,
                            const std::string& meaning);

}  // namespace stockpot::cli
