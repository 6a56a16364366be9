#include "stockpot/comm/device_placement.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace stockpot::comm {

std::string host_staging_reason(std::span<const DevicePlace> places) {
  std::map<std::pair<std::string, std::string>, std::size_t> first_rank_on;
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    const DevicePlace& place = places[rank];
    if (!place.problem.empty()) return fmt::format("rank {} on {}: {}", rank, place.host, place.problem);
    const auto [other, is_new] = first_rank_on.try_emplace({place.host, place.gpu_uuid}, rank);
    if (!is_new) {
      return fmt::format("ranks {} and {} on {} share GPU {}", other->second, rank, place.host,
                         place.gpu_uuid);
    }
  }
  return {};
}

}  // namespace stockpot::comm
