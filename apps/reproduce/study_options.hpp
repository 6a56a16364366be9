#pragma once

#include <cstdint>
#include <filesystem>

#include "training_plan.hpp"

namespace stockpot::reproduce {

struct StudyOptions {
  std::uint64_t seeds = 5;  ///< 0, 1, ..., seeds - 1
  std::filesystem::path out;
  Effort effort = Effort::full;
};

}  // namespace stockpot::reproduce
