#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {

/// One thing that the ranks of a scope bring together in its survey, as one of the scope's tensors sees it.
/// Tensors that give the same `part` are brought together, others apart.
struct Reduction {
  std::string part = {};  ///< empty: the whole scope
  /// Sums over the fixed tree: so many doubles for each node that a rank holds; 0: none.
  std::uint64_t leaf_width = 0;
  std::uint64_t leaf_elements = stockpot::leaf_elements;  ///< of this tensor's leaves
  std::uint64_t words = 0;                                ///< counts that each rank gives
  /// A selection with at most so many queries, spread over streams; 0: none.
  std::size_t queries = 0;
  bool locates_ties = false;        ///< and then looks where ties end
  std::uint64_t element_words = 0;  ///< for each element that a rank has, for all ranks to know
  std::uint64_t unit_words = 0;     ///< the same, for each of its units
};

/// What a survey reads, holds and reduces in the ordinary case.
struct SurveyCost {
  std::uint64_t passes = 1;        ///< over every element
  std::uint64_t samples = 0;       ///< sampling rounds before them
  std::uint64_t memory_bytes = 0;  ///< that it can use well, beyond lists of a few numbers a tensor
  std::uint64_t needed_bytes = 0;  ///< that it can't do without
  std::uint64_t needed_bytes_per_element = 0;  ///< the same, of the elements that this rank has of the scope
  std::uint64_t needed_bytes_per_lane = 0;     ///< the same, of every lane that works for it
  std::uint64_t kept_bytes_per_element = 0;    ///< of that, once the survey is complete
  std::uint64_t scratch_bytes = 0;             ///< of matrices that are not held
  std::vector<Reduction> reductions = {};
};

}  // namespace stockpot::method
