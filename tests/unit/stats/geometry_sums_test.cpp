#include "stockpot/stats/geometry_sums.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace stockpot::stats {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::IsNan;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Of two models and a base model over ten elements.
GeometryTotal total_of(double first_dot, double mixed_dot, double second_dot) {
  return {GeometryLayout(2, true),
          10,
          {9, 16, 5, 0, 4, 1,  // norms, zeros, distances
           25, 36, 3,          // of the base, conflicts
           first_dot, mixed_dot, second_dot}};
}

TEST(GeometrySums, TurnsSumsIntoNorms) {
  const Geometry geometry = geometry_of(total_of(4, 3, 9));
  EXPECT_EQ(geometry.elements, 10u);
  EXPECT_THAT(geometry.norm, ElementsAre(3, 4));
  EXPECT_THAT(geometry.sparsity, ElementsAre(0.5, 0));
  EXPECT_THAT(geometry.distance_to_center, ElementsAre(2, 1));
  ASSERT_TRUE(geometry.base);
  EXPECT_EQ(geometry.base->norm, 5);
  EXPECT_EQ(geometry.base->distance_to_center, 6);
  EXPECT_DOUBLE_EQ(geometry.base->sign_conflict, 0.3);
  EXPECT_THAT(geometry.base->task_norm, ElementsAre(2, 3));
  EXPECT_THAT(geometry.base->gram, ElementsAre(4, 3, 3, 9));
  EXPECT_THAT(geometry.base->cosine, ElementsAre(1, DoubleEq(0.5), DoubleEq(0.5), 1));
  EXPECT_THAT(geometry.base->angle, ElementsAre(0, DoubleEq(60), DoubleEq(60), 0));
}

TEST(GeometrySums, ClampsCosines) {
  const Geometry geometry = geometry_of(total_of(4, -6.000000000001, 9));
  EXPECT_THAT(geometry.base->cosine, ElementsAre(1, -1, -1, 1));
  EXPECT_THAT(geometry.base->angle, ElementsAre(0, 180, 180, 0));
}

TEST(GeometrySums, AZeroVectorHasNoAngle) {
  const Geometry geometry = geometry_of(total_of(0, 0, 9));
  EXPECT_THAT(geometry.base->cosine, ElementsAre(IsNan(), IsNan(), IsNan(), 1));
  EXPECT_THAT(geometry.base->angle, ElementsAre(IsNan(), IsNan(), IsNan(), 0));
}

TEST(GeometrySums, TinyAndEndlessVectors) {
  const Geometry tiny = geometry_of(total_of(1e-200, 0.5e-200, 1e-200));
  EXPECT_THAT(tiny.base->cosine, ElementsAre(1, DoubleEq(0.5), DoubleEq(0.5), 1));
  const Geometry endless = geometry_of(total_of(infinity, infinity, 9));
  EXPECT_THAT(endless.base->cosine, ElementsAre(1, IsNan(), IsNan(), 1));
}

TEST(GeometrySums, OfNothing) {
  const Geometry geometry = geometry_of(GeometryTotal(GeometryLayout(1, false)));
  EXPECT_EQ(geometry.elements, 0u);
  EXPECT_THAT(geometry.norm, ElementsAre(0));
  EXPECT_THAT(geometry.sparsity, ElementsAre(IsNan()));
  EXPECT_FALSE(geometry.base);
  EXPECT_THAT(geometry_of(GeometryTotal(GeometryLayout(1, true))).base->sign_conflict, IsNan());
}

TEST(GeometrySums, AddUp) {
  GeometryTotal total = total_of(4, 3, 9);
  total.add(total_of(12, 1, 16));
  const Geometry geometry = geometry_of(total);
  EXPECT_EQ(geometry.elements, 20u);
  EXPECT_THAT(geometry.base->task_norm, ElementsAre(4, 5));
  EXPECT_THAT(geometry.base->gram, ElementsAre(16, 4, 4, 25));
}

}  // namespace
}  // namespace stockpot::stats
