#pragma once

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "stockpot/soup/search.hpp"

namespace stockpot::soup {

inline constexpr std::array<std::pair<std::string_view, Phase>, 4> phase_words{
    {{"rank", Phase::rank}, {"try", Phase::attempt}, {"search", Phase::search}, {"final", Phase::final}}};

inline constexpr std::array<std::pair<std::string_view, Decision>, 5> decision_words{
    {{"ranked", Decision::ranked},
     {"accepted", Decision::accepted},
     {"rejected", Decision::rejected},
     {"failed", Decision::failed},
     {"final", Decision::final}}};

inline constexpr std::array<std::pair<std::string_view, recipe::Reported>, 4> reported_words{
    {{"winner", recipe::Reported::winner},
     {"single", recipe::Reported::singles},
     {"uniform", recipe::Reported::uniform},
     {"ensemble", recipe::Reported::ensemble}}};

/// The word of a trace for a value that the table has.
template <typename Words, typename Value>
constexpr std::string_view word_of(const Words& words, Value value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  throw std::logic_error("a value that traces have no word for");
}

}  // namespace stockpot::soup
