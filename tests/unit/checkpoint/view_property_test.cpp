#include <gtest/gtest.h>

#include <map>
#include <random>

#include "stockpot/base/error.hpp"
#include "view_fixture.hpp"
#include "view_oracle.hpp"

namespace stockpot::checkpoint {
namespace {

using test::CheckpointBuilder;

/// Random tensors, random chains of rules, and what they must give.
class Story {
 public:
  explicit Story(std::uint64_t seed) : generator_(seed) {
    const Shape shape = random_shape();
    const std::uint64_t tensors = below(4) + 1;
    for (std::uint64_t i = 0; i < tensors; ++i) {
      // Shapes that differ in one dimension can be joined along it.
      Shape own = shape;
      own[below(own.size())] = below(7);
      add_tensor(std::to_string(i) + "t", below(3) == 0 ? own : shape);
    }
    for (std::uint64_t i = below(4); i > 0; --i) add_rule();
  }

  CheckpointBuilder builder;
  std::vector<recipe::NameRule> rules;
  std::map<std::string, Dense> expected;

  std::uint64_t below(std::uint64_t bound) { return generator_() % bound; }

 private:
  Shape random_shape() {
    Shape shape(below(3) + 1);
    for (std::uint64_t& dimension : shape) dimension = below(6) + 1;
    return shape;
  }

  void add_tensor(const std::string& name, const Shape& shape) {
    const bool scaled = shape.size() == 2 && shape[0] * shape[1] > 0 && below(3) == 0;
    const DType plain = below(4) == 0 ? DType::bf16 : DType::f32;
    builder.add_random(name, scaled ? DType::f8_e4m3 : plain, shape, generator_());
    Dense dense{shape, builder.values(name)};
    if (scaled) {
      const std::uint64_t block_rows = below(shape[0]) + 1;
      const std::uint64_t block_columns = below(shape[1]) + 1;
      const Shape grid{(shape[0] - 1) / block_rows + 1, (shape[1] - 1) / block_columns + 1};
      builder.add_random(name + "_scale_inv", DType::f32, grid, generator_());
      const std::vector<double> scales = builder.values(name + "_scale_inv");
      // The block that the shapes tell, which need not be the one they were made with.
      const std::uint64_t told_rows = (shape[0] - 1) / grid[0] + 1;
      const std::uint64_t told_columns = (shape[1] - 1) / grid[1] + 1;
      if ((shape[0] - 1) / told_rows + 1 != grid[0] || (shape[1] - 1) / told_columns + 1 != grid[1]) {
        builder.remove(name).remove(name + "_scale_inv");
        return;
      }
      for (std::uint64_t i = 0; i < dense.values.size(); ++i) {
        dense.values[i] *= scales[i / shape[1] / told_rows * grid[1] + i % shape[1] / told_columns];
      }
    }
    expected[name] = std::move(dense);
    types_[name] = scaled ? DType::f8_e4m3 : plain;
  }

  std::string fresh() { return std::to_string(names_++) + "n"; }
  std::string random_name() {
    return std::next(expected.begin(), static_cast<std::ptrdiff_t>(below(expected.size())))->first;
  }

  void add_rule() {
    if (expected.empty()) return;
    below(2) == 0 ? add_split(random_name()) : add_join(random_name());
  }

  void add_split(const std::string& name) {
    const Dense whole = expected.at(name);
    const std::size_t dim = below(whole.shape.size());
    std::vector<std::string> targets;
    std::vector<std::uint64_t> sizes;
    for (std::uint64_t left = whole.shape[dim]; left > 0 || sizes.empty(); left -= sizes.back()) {
      sizes.push_back(left == 0 ? 0 : below(left) + 1);
      targets.push_back(fresh());
    }
    if (targets.size() == 1) sizes.clear();
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const std::uint64_t size = sizes.empty() ? whole.shape[dim] : sizes[i];
      expected[targets[i]] = cut(whole, dim, first, size);
      types_[targets[i]] = types_.at(name);
      first += size;
    }
    expected.erase(name);
    rules.push_back(rule({name}, targets, dim, sizes));
  }

  void add_join(const std::string& name) {
    const std::size_t dim = below(expected.at(name).shape.size());
    Shape shape = expected.at(name).shape;
    std::vector<std::string> sources;
    std::vector<Dense> pieces;
    for (const auto& [other, dense] : expected) {
      if (dense.shape.size() != shape.size() || types_.at(other) != types_.at(name)) continue;
      shape[dim] = dense.shape[dim];
      if (dense.shape != shape) continue;
      sources.push_back(other);
      pieces.push_back(dense);
    }
    if (sources.size() < 2) return;
    const std::string target = fresh();
    types_[target] = types_.at(name);
    for (const std::string& source : sources) expected.erase(source);
    expected[target] = join(pieces, dim);
    rules.push_back(rule(sources, {target}, dim));
  }

  std::mt19937_64 generator_;
  std::map<std::string, DType> types_;
  int names_ = 0;
};

TEST_F(Views, ReadAnyRangeOfAnyChainOfRules) {
  int expressed = 0;
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    Story story(seed);
    write(story.builder, 60);
    std::vector<TensorView> all;
    try {
      all = views(story.rules);
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::usage) << error.what();
      ++refused;
      continue;
    }
    ++expressed;
    ASSERT_EQ(all.size(), story.expected.size());
    const ViewReader reader(checkpoint_);
    for (const TensorView& view : all) {
      SCOPED_TRACE(view.name);
      const Dense& expected = story.expected.at(view.name);
      ASSERT_EQ(view.shape, expected.shape);
      ASSERT_EQ(read_doubles(reader, view, 0, view.elements()), expected.values);
      for (int range = 0; range < 4; ++range) {
        const std::uint64_t first = story.below(view.elements() + 1);
        const std::uint64_t count = story.below(view.elements() - first + 1);
        const auto begin = expected.values.begin() + static_cast<std::ptrdiff_t>(first);
        ASSERT_EQ(read_doubles(reader, view, first, count),
                  std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(count)));
      }
      const StoredTensor& stored = checkpoint_.tensors[view.parts.front().tensor];
      if (view.is_plain()) {
        EXPECT_EQ(view.elements(), stored.elements());
      }
      if (view.rows == 1) {
        EXPECT_EQ(view.parts.front().stride, stored.elements());
      }
    }
  }
  EXPECT_GT(expressed, 300);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace stockpot::checkpoint
