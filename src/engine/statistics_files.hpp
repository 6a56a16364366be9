#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "stockpot/io/statistics_file.hpp"
#include "stockpot/plan/model_set.hpp"

namespace stockpot::engine {

/// The models' statistics files, each opened when its first matrix is read: only ranks that read one need to
/// see it. Thread safe.
class StatisticsFiles {
 public:
  explicit StatisticsFiles(const plan::ModelSet& models) : models_(models) {}
  /// Throws Error{input} where there is no statistics file any more.
  const io::StatisticsFile& at(std::uint32_t model);

 private:
  const plan::ModelSet& models_;
  std::mutex mutex_;
  std::map<std::uint32_t, io::StatisticsFile> open_;
};

}  // namespace stockpot::engine
