#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace stockpot::cli {

/// Index of `value` among `choices`; Error{usage} with the nearest one otherwise.
std::size_t choice(const std::string& option, const std::string& value,
                   const std::vector<std::string>& choices);

}  // namespace stockpot::cli
