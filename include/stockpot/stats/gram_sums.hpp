#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "stockpot/stats/reducer.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::stats {

/// Inner products of K vectors, and of what is linear in them. Products <x, y> with x = sum a_i x_i cost
/// O(K^2). Where terms cancel (differences of vectors that are nearly equal) the relative error is about
/// 2^-52 * |x_i|^2 / |x|^2.
class GramMatrix {
 public:
  /// `triangle`: dot(0, 0); dot(1, 0), dot(1, 1); ... Throws Error{usage} for another number of values than
  /// vectors * (vectors + 1) / 2.
  GramMatrix(std::size_t vectors, std::vector<double> triangle);

  [[nodiscard]] std::size_t vectors() const { return vectors_; }
  [[nodiscard]] double dot(std::size_t i, std::size_t j) const;
  [[nodiscard]] double squared_norm(std::size_t i) const { return dot(i, i); }
  [[nodiscard]] double norm(std::size_t i) const;
  /// Of the angle between two vectors, within [-1, 1]; 0 if one is exactly zero.
  [[nodiscard]] double cosine(std::size_t i, std::size_t j) const;
  /// |x_i - x_j|^2, never negative.
  [[nodiscard]] double squared_distance(std::size_t i, std::size_t j) const;

  /// <sum a_i x_i, sum b_j x_j>; one coefficient per vector.
  [[nodiscard]] double dot(std::span<const double> a, std::span<const double> b) const;
  /// Of the angle between sum a_i x_i and sum b_j x_j, within [-1, 1]; 0 if one is exactly zero.
  [[nodiscard]] double cosine(std::span<const double> a, std::span<const double> b) const;
  /// |sum a_i x_i|, never negative.
  [[nodiscard]] double norm(std::span<const double> a) const;

 private:
  std::size_t vectors_;
  std::vector<double> triangle_;
};

/// Collects the leaves of a Gram matrix over a scope while tiles are taken; its bits depend neither on the
/// cut into tiles nor on the ranks.
class GramSums {
 public:
  /// Throws Error{usage} without a vector.
  GramSums(std::uint64_t leaf_count, std::size_t vectors);

  /// Local, thread safe. `sums` holds the lower triangles of consecutive leaves, row by row. Throws
  /// Error{communication} for a leaf that does not exist or was added before.
  void add(std::uint64_t first_leaf, std::span<const double> sums);
  /// Collective over the ranks of the scope, each leaf held by one. Throws Error{communication} where one is
  /// missing.
  [[nodiscard]] GramMatrix total(Reducer& reducer) const;

 private:
  std::size_t vectors_;
  std::mutex mutex_;  ///< guards the sums while tiles are taken
  LeafSums sums_;
};

}  // namespace stockpot::stats
