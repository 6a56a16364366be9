#include "stockpot/stats/gram_sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::stats {
namespace {

std::size_t triangle_size(std::size_t vectors) {
  return vectors * (vectors + 1) / 2;
}

}  // namespace

GramMatrix::GramMatrix(std::size_t vectors, std::vector<double> triangle)
    : vectors_(vectors), triangle_(std::move(triangle)) {
  if (triangle_.size() != triangle_size(vectors)) {
    throw Error(ExitCode::usage,
                fmt::format("{} values are no Gram matrix of {} vectors", triangle_.size(), vectors));
  }
}

double GramMatrix::dot(std::size_t i, std::size_t j) const {
  const auto [column, row] = std::minmax(i, j);
  return triangle_.at(triangle_size(row) + column);
}

double GramMatrix::norm(std::size_t i) const {
  return std::sqrt(squared_norm(i));
}

double GramMatrix::cosine(std::size_t i, std::size_t j) const {
  if (squared_norm(i) == 0.0 || squared_norm(j) == 0.0) return 0.0;
  return std::clamp(dot(i, j) / norm(i) / norm(j), -1.0, 1.0);  // the product of norms may underflow
}

double GramMatrix::squared_distance(std::size_t i, std::size_t j) const {
  return std::max(0.0, (squared_norm(i) - dot(i, j)) + (squared_norm(j) - dot(i, j)));
}

double GramMatrix::dot(std::span<const double> a, std::span<const double> b) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < vectors_; ++i) {
    double row = 0.0;
    for (std::size_t j = 0; j < vectors_; ++j) row += b[j] * dot(i, j);
    sum += a[i] * row;
  }
  return sum;
}

double GramMatrix::cosine(std::span<const double> a, std::span<const double> b) const {
  const double norm_a = norm(a);
  const double norm_b = norm(b);
  if (norm_a == 0.0 || norm_b == 0.0) return 0.0;
  return std::clamp(dot(a, b) / norm_a / norm_b, -1.0, 1.0);
}

double GramMatrix::norm(std::span<const double> a) const {
  return std::sqrt(std::max(0.0, dot(a, a)));
}

GramSums::GramSums(std::uint64_t leaf_count, std::size_t vectors)
    : vectors_(vectors), sums_(leaf_count, triangle_size(vectors)) {}

void GramSums::add(std::uint64_t first_leaf, std::span<const double> sums) {
  const std::lock_guard lock(mutex_);
  sums_.add(first_leaf, sums);
}

GramMatrix GramSums::total(Reducer& reducer) const {
  return {vectors_, reducer.total(sums_)};
}

}  // namespace stockpot::stats
