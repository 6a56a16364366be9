#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stockpot/recipe/search.hpp"

namespace stockpot::soup::testing {

inline recipe::SpaceEntry list(const std::string& text, std::vector<double> values) {
  recipe::SpaceEntry entry;
  entry.text = text;
  entry.values = std::move(values);
  return entry;
}

inline recipe::SpaceEntry range(const std::string& text, double low, double high) {
  recipe::SpaceEntry entry;
  entry.text = text;
  entry.low = low;
  entry.high = high;
  return entry;
}

}  // namespace stockpot::soup::testing
