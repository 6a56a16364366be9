#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/base/fault.hpp"
#include "stockpot/comm/threads.hpp"
#include "stockpot/engine/statistics_job.hpp"
#include "stockpot/io/statistics_file.hpp"
#include "support/checkpoint_builder.hpp"
#include "support/merge_case.hpp"
#include "support/statistics_builder.hpp"
#include "support/temporary_folder.hpp"
#include "unit/io/hdf5_builder.hpp"

namespace stockpot::engine {

/// Examples of a small model, as a program that runs it would dump them: padded tokens hold NaN, two modules
/// share their inputs, one is stored transposed and has a mask of its own.
class Samples {
 public:
  static constexpr std::uint64_t tokens = 50;

  explicit Samples(std::uint64_t examples, bool exact = false, std::uint64_t wide = 7)
      : examples_(examples), classes_(exact ? 3 : 1), wide_(wide) {
    query_ = normal(examples * tokens * 5, 1);
    wide_inputs_ = normal(examples * tokens * wide, 2);
    outputs_ = normal(examples * tokens * 4, 3);
    weights_ = normal(examples * classes_ * 20, 4);
    biases_ = normal(examples * classes_ * 6, 5);
    mask_ = flags(examples * tokens, 2, 3);
    wide_mask_ = flags(examples * tokens, 1, 4);
    for (std::uint64_t token = 0; token < mask_.size(); ++token) {
      if (mask_[token] == 0) query_[token * 5 + token % 5] = std::numeric_limits<double>::quiet_NaN();
    }
    for (std::uint64_t x = 0; exact && x < examples; ++x) {
      for (const double p : {0.5, 0.125, 0.375}) probabilities_.push_back(p);
    }
  }

  static void write_model(const std::filesystem::path& folder, std::uint64_t wide = 7) {
    test::CheckpointBuilder()
        .add_random("q.weight", DType::bf16, {4, 5}, 1)
        .add_random("k.weight", DType::bf16, {3, 5}, 2)
        .add_random("mlp.wide.weight", DType::f32, {wide, 9}, 3)
        .add_random("bias", DType::f32, {6}, 4)
        .add_random("position_ids", DType::i64, {4}, 5)
        .write(folder);
  }

  /// Examples [first, first + count) as a file; `change` may spoil it.
  void write(const std::filesystem::path& path, std::uint64_t first, std::uint64_t count,
             const std::function<void(io::testing::Hdf5Builder&)>& change = {},
             bool compressed = false) const {
    io::testing::Hdf5Builder file(path);
    file.number("/", "format_version", 1).text("/", "labels", classes_ > 1 ? "exact" : "empirical");
    const auto part = [&](const std::vector<double>& all, std::uint64_t per_example) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first * per_example);
      return std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(count * per_example));
    };
    const auto integers = [&](const std::vector<std::int64_t>& all) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first * tokens);
      return std::vector<std::int64_t>(begin, begin + static_cast<std::ptrdiff_t>(count * tokens));
    };
    file.doubles("/inputs/q", {count, tokens, 5}, part(query_, tokens * 5), H5T_IEEE_F64LE, compressed)
        .hard_link("/inputs/q", "/inputs/k")
        .doubles("/inputs/mlp.wide", {count, tokens, wide_}, part(wide_inputs_, tokens * wide_))
        .text("/inputs/mlp.wide", "weight_layout", "in_out")
        .text("/inputs/mlp.wide", "mask", "/masks/wide")
        .doubles("/output_gradients/q", {count, tokens, 4}, part(outputs_, tokens * 4))
        .integers("/attention_mask", {count, tokens}, integers(mask_), H5T_STD_U8LE)
        .integers("/masks/wide", {count, tokens}, integers(wide_mask_), H5T_STD_I64LE, compressed);
    using Dimensions = io::testing::Hdf5Builder::Dimensions;
    Dimensions weight{count, 4, 5};
    Dimensions bias{count, 6};
    if (classes_ > 1) {
      weight.insert(weight.begin() + 1, classes_);
      bias.insert(bias.begin() + 1, classes_);
      file.doubles("/probabilities", {count, classes_}, part(probabilities_, classes_));
    }
    file.doubles("/gradients/q.weight", weight, part(weights_, classes_ * 20), H5T_IEEE_F64LE, compressed)
        .doubles("/gradients/bias", bias, part(biases_, classes_ * 6));
    if (change) change(file);
  }

  // What a file of all examples must lead to, packed or in the tensor's order.
  [[nodiscard]] std::vector<double> gram_q() const { return gram(query_, 5, mask_); }
  [[nodiscard]] std::vector<double> gram_wide() const { return gram(wide_inputs_, wide_, wide_mask_); }
  [[nodiscard]] std::vector<double> gram_output_q() const { return gram(outputs_, 4, mask_); }
  [[nodiscard]] std::vector<double> fisher_weight() const { return fisher(weights_, 20); }
  [[nodiscard]] std::vector<double> fisher_bias() const { return fisher(biases_, 6); }
  [[nodiscard]] std::vector<double> block_bias() const {
    std::vector<long double> sums(21);
    for (std::uint64_t row = 0; row < examples_ * classes_; ++row) {
      add_outer(&biases_[row * 6], 6, probability(row), sums);
    }
    return divided(sums, static_cast<long double>(examples_));
  }
  [[nodiscard]] std::uint64_t tokens_q() const { return counted(mask_); }
  [[nodiscard]] std::uint64_t tokens_wide() const { return counted(wide_mask_); }

 private:
  static std::vector<double> normal(std::uint64_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> distribution;
    std::vector<double> values(count);
    for (double& value : values) value = distribution(generator);
    return values;
  }
  /// `ones` of `of` positions count, on average.
  static std::vector<std::int64_t> flags(std::uint64_t count, unsigned ones, unsigned of) {
    std::mt19937 generator(ones);
    std::vector<std::int64_t> values(count);
    for (std::int64_t& value : values) value = generator() % of < ones ? 1 : 0;
    return values;
  }
  static std::uint64_t counted(const std::vector<std::int64_t>& mask) {
    return static_cast<std::uint64_t>(std::count(mask.begin(), mask.end(), 1));
  }
  static void add_outer(const double* row, std::uint64_t width, long double weight,
                        std::vector<long double>& sums) {
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < width; ++i) {
      for (std::uint64_t j = 0; j <= i; ++j, ++at)
        sums[at] += weight * static_cast<long double>(row[i]) * static_cast<long double>(row[j]);
    }
  }
  static std::vector<double> divided(const std::vector<long double>& sums, long double divisor) {
    std::vector<double> values;
    for (const long double sum : sums) values.push_back(static_cast<double>(sum / divisor));
    return values;
  }
  static std::vector<double> gram(const std::vector<double>& rows, std::uint64_t width,
                                  const std::vector<std::int64_t>& mask) {
    std::vector<long double> sums(width * (width + 1) / 2);
    for (std::uint64_t token = 0; token < mask.size(); ++token) {
      if (mask[token] == 1) add_outer(&rows[token * width], width, 1, sums);
    }
    return divided(sums, static_cast<long double>(counted(mask)));
  }
  [[nodiscard]] long double probability(std::uint64_t row) const {
    return classes_ > 1 ? static_cast<long double>(probabilities_[row]) : 1;
  }
  [[nodiscard]] std::vector<double> fisher(const std::vector<double>& rows, std::uint64_t elements) const {
    std::vector<long double> sums(elements);
    for (std::uint64_t row = 0; row < examples_ * classes_; ++row) {
      for (std::uint64_t e = 0; e < elements; ++e) {
        const auto g = static_cast<long double>(rows[row * elements + e]);
        sums[e] += probability(row) * g * g;
      }
    }
    return divided(sums, static_cast<long double>(examples_));
  }

  std::uint64_t examples_;
  std::uint64_t classes_;
  std::uint64_t wide_;
  std::vector<double> query_, wide_inputs_, outputs_, weights_, biases_, probabilities_;
  std::vector<std::int64_t> mask_, wide_mask_;
};

inline void expect_close(const std::vector<double>& actual, const std::vector<double>& expected,
                         double relative) {
  ASSERT_EQ(actual.size(), expected.size());
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], relative * largest) << "value " << i;
  }
}

/// All values of a statistic: a Fisher's elements or a matrix's packed triangle.
inline std::vector<double> values_of(const io::StatisticsFile& file, io::StatisticKind kind,
                                     const std::string& name) {
  const io::Statistic* const statistic = file.find(kind, name);
  if (statistic == nullptr) {
    ADD_FAILURE() << io::name(kind) << " of " << name << " is missing";
    return {};
  }
  std::vector<double> values(statistic->data.elements);
  if (kind == io::StatisticKind::fisher) {
    file.read_fisher(*statistic, 0, values);
  } else {
    file.read_rows(*statistic, 0, statistic->dimension, values);
  }
  return values;
}

/// Statistics of a model in a folder, taken on threads.
class StatisticsFixture : public testing::Test {
 protected:
  StatisticsFixture() {
    options.durability = io::Durability::none;
    job.model = (folder / "model").string();
    job.output = out;
  }
  ~StatisticsFixture() override { set_fault_plan(""); }

  [[nodiscard]] StatisticsSummary collect(int ranks = 1) const {
    StatisticsSummary summary;
    comm::run_threads(ranks, [&](comm::Communicator& world) {
      StatisticsSummary mine = collect_statistics(world, job, options);
      if (world.is_root()) summary = std::move(mine);
    });
    return summary;
  }
  [[nodiscard]] std::string collected_bytes(int ranks = 1) const {
    static_cast<void>(collect(ranks));
    return test::read_file(out);
  }
  void combine(const std::vector<std::filesystem::path>& files, const std::filesystem::path& target,
               int ranks = 1) const {
    comm::run_threads(ranks,
                      [&](comm::Communicator& world) { combine_statistics(world, files, target, options); });
  }
  /// On 1 and 3 ranks: every rank throws this code and a text that holds all of `parts`; the folder holds
  /// what it held.
  void expect_refused(ExitCode code, const std::vector<std::string>& parts,
                      const std::function<void(comm::Communicator&)>& run) const {
    const std::vector<std::string> before = listing();
    for (const int ranks : {1, 3}) {
      comm::run_threads(ranks, [&](comm::Communicator& world) {
        try {
          run(world);
          ADD_FAILURE() << "not refused: " << testing::PrintToString(parts);
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), code) << error.what();
          for (const std::string& part : parts) EXPECT_THAT(error.what(), testing::HasSubstr(part));
        }
      });
      EXPECT_EQ(listing(), before);
    }
  }
  void expect_refused(ExitCode code, const std::vector<std::string>& parts) const {
    expect_refused(code, parts, [&](comm::Communicator& world) { collect_statistics(world, job, options); });
  }
  [[nodiscard]] std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  /// The smallest limit that works, from the message of one that does not.
  [[nodiscard]] std::uint64_t smallest_memory() const {
    RunOptions starved = options;
    starved.plan.memory_bytes = 1;
    std::uint64_t bytes = 0;
    comm::run_threads(1, [&](comm::Communicator& world) {
      try {
        collect_statistics(world, job, starved);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        const std::string text = error.what();
        bytes = std::stoull(text.substr(text.rfind('(') + 1));
      }
    });
    return bytes;
  }

  test::TemporaryFolder folder;
  std::filesystem::path out = folder / "out.h5";
  StatisticsJob job;
  RunOptions options;
};

}  // namespace stockpot::engine
