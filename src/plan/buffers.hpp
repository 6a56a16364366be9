#pragma once

#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::plan {

/// Kernels work best on whole blocks; tiles are multiples of this many elements (shorter at the end of a
/// tensor).
inline constexpr std::uint64_t tile_quantum = 4096;
/// Enough for one large read per input to hide its own overhead, small enough for tiles to stay in the
/// last-level cache.
inline constexpr std::uint64_t preferred_tile_elements = std::uint64_t{1} << 18;

/// Resident bytes of a rank before it has any tile: program and libraries, headers of all models, plan,
/// digests.
std::uint64_t base_resident_bytes(const std::vector<TensorTask>& tasks, const ModelSet& models);

/// What the surveys of a rank hold.
struct SurveyMemory {
  std::uint64_t useful_bytes = 0;       ///< all together can use well
  std::uint64_t needed_bytes = 0;       ///< all that must be under way together can't do without
  std::uint64_t one_bytes = 0;          ///< one of those that are taken one by one can't do without
  std::uint64_t kept_bytes = 0;         ///< what the others found takes meanwhile
  std::uint64_t scratch_bytes = 0;      ///< all that must be under way together keep in files
  std::uint64_t one_scratch_bytes = 0;  ///< one of the others
};

/// As many lanes and as long tiles as the limit allows. Throws Error{usage} naming the smallest limit that
/// works.
BufferPlan plan_buffers(const std::vector<TensorTask>& tasks, const ModelSet& models,
                        const PlanOptions& options, std::uint64_t base_bytes, const SurveyMemory& surveys);

}  // namespace stockpot::plan
