#include "stockpot/recipe/setting.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace stockpot::recipe {
namespace {

TEST(Gradient, matches_a_value_measured_with_mergekit) {
  EXPECT_NEAR(evaluate_gradient({0, 0.5, 0.3, 0.7, 1}, 7.0 / 31.0), 0.451613, 5e-7);
}

TEST(Gradient, meets_its_anchors_and_lies_between_them) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> value(-2.0, 2.0);
  for (std::size_t n = 1; n <= 9; ++n) {
    Gradient gradient(n);
    std::generate(gradient.begin(), gradient.end(), [&] { return value(random); });
    EXPECT_EQ(evaluate_gradient(gradient, 0.0), gradient.front());
    EXPECT_EQ(evaluate_gradient(gradient, 1.0), gradient.back());
    for (std::size_t i = 0; i + 1 < n; ++i) {
      const double t = (static_cast<double>(i) + 0.25) / static_cast<double>(n - 1);
      EXPECT_NEAR(evaluate_gradient(gradient, t), 0.75 * gradient[i] + 0.25 * gradient[i + 1], 1e-12);
    }
  }
}

TEST(Gradient, of_one_anchor_is_constant) {
  for (const double t : {0.0, 0.3, 1.0}) EXPECT_EQ(evaluate_gradient({0.7}, t), 0.7);
}

TEST(Setting, first_matching_condition_wins) {
  const Setting setting = Setting::conditions({{"self_attn", {1.0}}, {"attn", {0.0, 2.0}}, {"*", {3.0}}});
  EXPECT_EQ(setting.evaluate("model.layers.0.self_attn.q_proj.weight", 0.5), 1.0);
  EXPECT_EQ(setting.evaluate("model.layers.0.cross_attn.weight", 0.5), 1.0);
  EXPECT_EQ(setting.evaluate("model.layers.0.cross_attn.weight", 1.0), 2.0);
  EXPECT_EQ(setting.evaluate("lm_head.weight", 0.5), 3.0);
}

TEST(Setting, filters_are_plain_substrings) {
  const Setting setting = Setting::conditions({{"layers.1", {1.0}}, {".*", {2.0}}});
  EXPECT_EQ(setting.evaluate("layers.11.weight", 0.0), 1.0);
  EXPECT_EQ(setting.evaluate("layersx1.weight", 0.0), std::nullopt);
}

TEST(Setting, word_is_no_number) {
  EXPECT_EQ(Setting::word("total").evaluate("x", 0.0), std::nullopt);
  EXPECT_EQ(Setting::word("total").text(), "total");
  EXPECT_EQ(Setting::number(1.0).text(), std::nullopt);
}

TEST(Setting, numbers_lists_all_anchors) {
  const Setting setting = Setting::conditions({{"a", {1.0, 2.0}}, {std::nullopt, {3.0}}});
  EXPECT_EQ(setting.numbers(), (std::vector<double>{1.0, 2.0, 3.0}));
}

}  // namespace
}  // namespace stockpot::recipe
