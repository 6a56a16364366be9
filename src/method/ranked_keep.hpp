#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stockpot/kernel/random.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/stats/row_ranks.hpp"

namespace stockpot::method {

/// How the entries of a tensor fall into rows along axis 1.
struct RowLayout {
  std::uint64_t length = 1;  ///< of a row
  std::uint64_t stride = 1;  ///< between its neighbours; so many rows lie interleaved in a slab
  [[nodiscard]] std::uint64_t slab() const { return length * stride; }
};
RowLayout rows_along_axis_1(const TensorContext& tensor);

/// Which entries of one model's task vector stay: each with a probability that its rank within its row gives.
/// Immutable.
class RankedKeep {
 public:
  /// @pre 0 < density - epsilon, density + epsilon < 1
  RankedKeep(const TensorContext& tensor, std::size_t model, double density, double epsilon);

  /// Buffers of one thread.
  struct Scratch {
    stats::RowRanks ranker;
    std::vector<double> magnitudes;
    std::vector<double> row;
    std::vector<std::uint32_t> row_ranks;
    std::vector<std::uint32_t> ranks;
    std::vector<std::uint32_t> words;
  };
  /// For `count` elements from `first` of the tensor on, whole slabs: bit e % 64 of bits[e / 64] is set where
  /// an entry stays, and probabilities[e], where it is not null, is its chance.
  void fill(kernel::TypedInput input, kernel::TypedInput anchor, std::uint64_t first, std::uint64_t count,
            std::uint64_t* bits, double* probabilities, Scratch& scratch) const;

 private:
  void rank(kernel::TypedInput input, kernel::TypedInput anchor, std::uint64_t count, Scratch& scratch) const;

  kernel::RandomKey key_;
  RowLayout layout_;
  std::vector<double> probabilities_;      ///< by rank
  std::vector<std::uint64_t> thresholds_;  ///< by rank
};

}  // namespace stockpot::method
