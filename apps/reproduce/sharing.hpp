#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "stockpot/comm/communicator.hpp"

namespace stockpot::reproduce {

/// Collective. Does each piece of work on one rank, in turns; an error on one is thrown on all.
void share_out(comm::Communicator& world, std::string_view what,
               const std::vector<std::function<void()>>& work);

/// Collective. value(0), ..., value(count - 1), each from one rank, in turns; the same on every rank,
/// whatever their number.
std::vector<double> shared_values(comm::Communicator& world, std::string_view what, std::size_t count,
                                  const std::function<double(std::size_t)>& value);

}  // namespace stockpot::reproduce
