#include "stockpot/recipe/name_filter.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <deque>

namespace stockpot::recipe {

struct NameFilter::State {
  std::deque<re2::RE2> include;
  std::deque<re2::RE2> exclude;
};

namespace {

bool any_found(const std::deque<re2::RE2>& regexes, std::string_view name) {
  const re2::StringPiece text(name.data(), name.size());
  return std::any_of(regexes.begin(), regexes.end(),
                     [text](const re2::RE2& regex) { return re2::RE2::PartialMatch(text, regex); });
}

}  // namespace

NameFilter::NameFilter(const std::vector<std::string>& include, const std::vector<std::string>& exclude)
    : state_(std::make_unique<State>()) {
  for (const std::string& regex : include) state_->include.emplace_back(regex);
  for (const std::string& regex : exclude) state_->exclude.emplace_back(regex);
}
NameFilter::~NameFilter() = default;
NameFilter::NameFilter(NameFilter&&) noexcept = default;

bool NameFilter::merges(std::string_view tensor_name) const {
  const bool included = state_->include.empty() || any_found(state_->include, tensor_name);
  return included && !any_found(state_->exclude, tensor_name);
}

}  // namespace stockpot::recipe
