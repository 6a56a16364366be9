#pragma once

namespace stockpot::stats {

/// What the next round of a survey reads of its scope.
enum class Reading {
  nothing,     ///< the survey is complete
  sample,      ///< one leaf of every 64, chosen by its number alone
  everything,  ///< each element once
  ranges,      ///< what ranges() says
  matrices,    ///< no element, but the models' matrices that belong to it
};

}  // namespace stockpot::stats
