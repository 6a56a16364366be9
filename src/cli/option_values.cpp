#include "cli/option_values.hpp"

#include <fmt/format.h>

#include <charconv>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::cli {

std::uint64_t size_option(const std::string& option, const std::string& text) {
  const auto bytes = parse_size(text);
  if (!bytes || *bytes == 0) {
    throw Error(ExitCode::usage,
                fmt::format("{} {} is no size (512MiB, 5GB, 1e9, ...)", option, quote(text)));
  }
  return *bytes;
}

double rate_option(const std::string& option, const std::string& text) {
  const bool names_seconds = text.ends_with("/s");
  return static_cast<double>(size_option(option, names_seconds ? text.substr(0, text.size() - 2) : text));
}

std::uint64_t number_option(const std::string& option, const std::string& text, std::uint64_t low,
                            std::uint64_t high) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number < low || number > high) {
    throw Error(ExitCode::usage,
                fmt::format("{} {} is no whole number from {} to {}", option, quote(text), low, high));
  }
  return number;
}

}  // namespace stockpot::cli
