#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::stats {

/// How the ranks that share a scope bring together what each of them saw. Every function is collective over
/// these ranks, which must call it in the same order with arguments of the same length; all of them get the
/// same result. A scope that one rank holds alone has `LocalReducer`.
class Reducer {
 public:
  Reducer() = default;
  Reducer(const Reducer&) = delete;
  Reducer& operator=(const Reducer&) = delete;
  virtual ~Reducer() = default;

  /// Each element becomes its sum over the ranks.
  virtual void add(std::span<std::uint64_t> counts) = 0;
  /// The sum of all leaves, each held by one rank, over the fixed tree.
  virtual std::vector<double> total(const LeafSums& mine) = 0;
  /// What each rank gives, one after the other by rank. Cost: the total travels to every rank; for short
  /// lists.
  virtual std::vector<std::uint64_t> gather(std::span<const std::uint64_t> mine) = 0;
};

/// Nothing to bring together.
class LocalReducer : public Reducer {
 public:
  void add(std::span<std::uint64_t>) override {}
  std::vector<double> total(const LeafSums& mine) override { return mine.total(); }
  std::vector<std::uint64_t> gather(std::span<const std::uint64_t> mine) override {
    return {mine.begin(), mine.end()};
  }
};

}  // namespace stockpot::stats
