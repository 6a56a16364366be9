#include "engine/statistics_files.hpp"

namespace stockpot::engine {

const io::StatisticsFile& StatisticsFiles::at(std::uint32_t model) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(model);
  if (found != open_.end()) return found->second;
  return open_.emplace(model, io::StatisticsFile::open(models_[model].checkpoint.files.front().path))
      .first->second;
}

}  // namespace stockpot::engine
