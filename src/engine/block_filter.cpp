#include "engine/block_filter.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/statistics_fit.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::engine {

BlockFilter::BlockFilter(const std::string& regex) {
  if (regex.empty()) return;
  re2::RE2::Options options;
  options.set_log_errors(false);
  regex_ = std::make_unique<re2::RE2>(regex, options);
  if (regex_->ok()) return;
  // The library's text goes on with a piece of the pattern, which may hold line breaks.
  const std::string& why = regex_->error();
  throw Error(ExitCode::usage, fmt::format("--block {}: {}", quote(regex), why.substr(0, why.find(": "))));
}

BlockFilter::~BlockFilter() = default;

bool BlockFilter::takes(const std::string& tensor, const Shape& shape) {
  if (!regex_ || !re2::RE2::PartialMatch(tensor, *regex_)) return false;
  if (!is_vector(shape)) {
    throw Error(ExitCode::usage, fmt::format("--block {} takes {}, which is of shape {} and no vector",
                                             quote(regex_->pattern()), quote(tensor), to_string(shape)));
  }
  found_ = true;
  return true;
}

void BlockFilter::require_found() const {
  if (!regex_ || found_) return;
  throw Error(ExitCode::usage,
              fmt::format("--block {} is found in no tensor that has gradients", quote(regex_->pattern())));
}

}  // namespace stockpot::engine
