#pragma once

#include <cstdint>
#include <string>

namespace stockpot::cli {

/// Bytes of "512MiB", "5GB", "1e9"; Error{usage} for anything else, and for nothing.
std::uint64_t size_option(const std::string& option, const std::string& text);

/// The same with or without "/s" behind it.
double rate_option(const std::string& option, const std::string& text);

/// A whole number within the limits, else Error{usage}; Boost's own parser would take -1 for the largest
/// unsigned one.
std::uint64_t number_option(const std::string& option, const std::string& text, std::uint64_t low,
                            std::uint64_t high);

}  // namespace stockpot::cli
