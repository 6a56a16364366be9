#include "stockpot/io/statistics_file.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

#include "unit/io/hdf5_builder.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::counting;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::Hdf5Builder;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Files that other programs write.
class StatisticsFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "s.h5"; }
  StatisticsFile make(const std::function<void(Hdf5Builder&)>& fill) {
    {
      Hdf5Builder file(path());
      file.number("/", "format_version", 1).text("/", "model_digest", std::string(32, '0'));
      file.number("/", "examples", 10).number("/", "tokens", 40).text("/", "labels", "exact");
      fill(file);
    }
    return StatisticsFile::open(path());
  }
  void expect_refused(const std::function<void(Hdf5Builder&)>& fill, const std::string& reason) {
    const auto failure = failure_of([&] { make(fill).check_values(64); });
    ASSERT_TRUE(failure) << reason;
    EXPECT_EQ(failure->code, ExitCode::input) << reason;
    EXPECT_EQ(failure->subject.file, path().string());
    EXPECT_THAT(failure->message, HasSubstr(reason));
  }
  testing::TemporaryFolder folder_;
};

TEST_F(StatisticsFileTest, ListsWhatThereIs) {
  const StatisticsFile file = make([](Hdf5Builder& f) {
    f.doubles("/fisher/a%2Fb.weight", {2, 3}, counting(6), H5T_IEEE_F32LE);
    f.doubles("/gram/q", {2, 2}, {4, 1, 1, 3}).number("/gram/q", "tokens", 7);
    f.hard_link("/gram/q", "/gram/k").soft_link("/gram/q", "/gram/v");
    f.doubles("/gram/o", {6}, {4, 1, 3, 2, 1, 5}).text("/gram/o", "layout", "lower");
    f.text("/gram/o", "weight_layout", "in_out").text("/gram/o", "note", "by hand");
    f.doubles("/fisher_block/scale", {1, 1}, {2}).number("/fisher_block/scale", "examples", 9);
  });
  EXPECT_EQ(file.header().model_digest, Digest{});
  EXPECT_EQ(file.header().examples, 10U);
  EXPECT_EQ(file.header().tokens, 40U);
  EXPECT_EQ(file.header().labels, Labels::exact);
  std::vector<std::string> names;
  for (const Statistic& s : file.statistics()) names.push_back(name(s.kind) + " " + s.name);
  EXPECT_THAT(names,
              ElementsAre("fisher a/b.weight", "gram k", "gram o", "gram q", "gram v", "fisher_block scale"));
  const Statistic& packed = *file.find(StatisticKind::gram, "o");
  EXPECT_EQ(packed.dimension, 3U);
  EXPECT_EQ(packed.layout, TriangleLayout::lower);
  EXPECT_EQ(packed.weight_layout, WeightLayout::in_out);
  EXPECT_EQ(packed.count, 40U);
  const Statistic& shared = *file.find(StatisticKind::gram, "q");
  EXPECT_EQ(shared.count, 7U);
  EXPECT_EQ(shared.layout, TriangleLayout::full);
  EXPECT_EQ(shared.data.address, file.find(StatisticKind::gram, "k")->data.address);
  EXPECT_EQ(shared.data.address, file.find(StatisticKind::gram, "v")->data.address);
  EXPECT_NE(shared.data.address, packed.data.address);
  EXPECT_EQ(file.find(StatisticKind::fisher_block, "scale")->count, 9U);
  EXPECT_EQ(file.find(StatisticKind::gram_output, "q"), nullptr);
  file.check_values();
}

TEST_F(StatisticsFileTest, BothLayoutsGiveTheLowerTriangle) {
  const StatisticsFile file = make([](Hdf5Builder& f) {
    f.doubles("/gram/full", {3, 3}, {4, 1, 2, 1, 3, 0.5, 2, 0.5, 5}, H5T_IEEE_F32LE);
    f.doubles("/gram/lower", {6}, {4, 1, 3, 2, 0.5, 5}).text("/gram/lower", "layout", "lower");
  });
  for (const Statistic& matrix : file.statistics()) {
    std::vector<double> packed;
    file.read_rows(matrix, 0, 3, packed);
    EXPECT_THAT(packed, ElementsAre(4, 1, 3, 2, 0.5, 5)) << matrix.name;
    file.read_rows(matrix, 1, 2, packed);
    EXPECT_THAT(packed, ElementsAre(1, 3)) << matrix.name;
    file.read_rows(matrix, 3, 3, packed);
    EXPECT_THAT(packed, ElementsAre());
    EXPECT_THAT(file.read_diagonal(matrix), ElementsAre(4, 3, 5)) << matrix.name;
    EXPECT_THROW(file.read_rows(matrix, 2, 4, packed), std::invalid_argument);
  }
}

TEST_F(StatisticsFileTest, FisherIsReadByRanges) {
  const StatisticsFile file = make([](Hdf5Builder& f) {
    f.doubles("/fisher/w", {2, 3}, counting(6), H5T_IEEE_F32LE);
  });
  std::vector<double> part(3);
  file.read_fisher(file.statistics().at(0), 2, part);
  EXPECT_THAT(part, ElementsAre(2, 3, 4));
  EXPECT_THROW(file.read_fisher(file.statistics().at(0), 4, part), std::invalid_argument);
}

TEST_F(StatisticsFileTest, SmallAsymmetryIsRounding) {
  const double nearly = 1 + 0.9e-5 * 2 * 3;
  const StatisticsFile file = make([&](Hdf5Builder& f) { f.doubles("/gram/m", {2, 2}, {4, nearly, 1, 9}); });
  file.check_values();
  std::vector<double> packed;
  file.read_rows(file.statistics().at(0), 0, 2, packed);
  EXPECT_THAT(packed, ElementsAre(4, 1, 9));
}

TEST_F(StatisticsFileTest, BadValuesAreRefusedByName) {
  const auto full = [](std::vector<double> values) {
    return [values](Hdf5Builder& f) { f.doubles("/gram/m", {3, 3}, values); };
  };
  const auto lower = [](std::vector<double> values) {
    return [values](Hdf5Builder& f) {
      f.doubles("/gram_output/m", {6}, values).text("/gram_output/m", "layout", "lower");
    };
  };
  const auto fisher = [](std::vector<double> values) {
    return [values](Hdf5Builder& f) { f.doubles("/fisher/w", {2, 6}, values, H5T_IEEE_F32LE); };
  };
  std::vector<double> elements = counting(12);
  elements[9] = -1e-30;
  expect_refused(fisher(elements), "object '/fisher/w': element 9 is negative");
  elements[9] = nan;
  expect_refused(fisher(elements), "object '/fisher/w': element 9 is NaN");
  elements[9] = infinity;
  expect_refused(fisher(elements), "object '/fisher/w': element 9 is infinite");
  expect_refused(lower({1, 0, 1, 0, 0, -1}), "object '/gram_output/m': element [2, 2] is negative");
  expect_refused(lower({1, 0, 1, 0, nan, 1}), "object '/gram_output/m': element [2, 1] is NaN");
  expect_refused(full({1, 0, 0, 0, -1, 0, 0, 0, 1}), "object '/gram/m': element [1, 1] is negative");
  expect_refused(full({1, 0, 0, -infinity, 1, 0, 0, 0, 1}), "object '/gram/m': element [1, 0] is infinite");
  expect_refused(full({1, 0, nan, 0, 1, 0, 0, 0, 1}),
                 "object '/gram/m': is not symmetric: [2, 0] is 0, [0, 2]");
  expect_refused(full({4, 1 + 1.1e-5 * 2 * 3, 0, 1, 9, 0, 0, 0, 1}),
                 "is not symmetric: [1, 0] is 1, [0, 1] is 1.0000");
  expect_refused(full({0, 1e-9, 0, 0, 1, 0, 0, 0, 1}), "is not symmetric");
  for (const std::vector<double>& wrong : {std::vector<double>{-1}, std::vector<double>{nan}}) {
    const StatisticsFile file = make([&](Hdf5Builder& f) { f.doubles("/gram/m", {1, 1}, wrong); });
    EXPECT_TRUE(failure_of([&] { static_cast<void>(file.read_diagonal(file.statistics().at(0))); }));
  }
}

TEST_F(StatisticsFileTest, MalformedFilesAreRefusedByName) {
  const auto nothing = [](Hdf5Builder&) {};
  EXPECT_TRUE(make(nothing).statistics().empty());
  expect_refused([](auto& f) { f.remove_attribute("/", "format_version"); }, "'format_version' is missing");
  expect_refused([](auto& f) { f.remove_attribute("/", "format_version").number("/", "format_version", 2); },
                 "'format_version' is 2; this version reads 1");
  expect_refused([](auto& f) { f.remove_attribute("/", "format_version").number("/", "format_version", 0); },
                 "'format_version' is 0");
  expect_refused([](auto& f) { f.remove_attribute("/", "model_digest"); }, "'model_digest' is missing");
  expect_refused(
      [](auto& f) {
        f.remove_attribute("/", "model_digest").text("/", "model_digest", std::string(32, 'F'));
      },
      "not 32 lower-case hex digits");
  expect_refused([](auto& f) { f.remove_attribute("/", "labels").text("/", "labels", "emprical"); },
                 "did you mean 'empirical'?");
  expect_refused([](auto& f) { f.remove_attribute("/", "tokens").number("/", "tokens", -1); },
                 "'tokens' is no natural number");
  expect_refused([](auto& f) { f.group("/grams"); }, "'/grams': is unknown (did you mean 'gram'?)");
  expect_refused([](auto& f) { f.doubles("/fisher", {1}, {1}); }, "'/fisher': is no group");
  expect_refused([](auto& f) { f.group("/gram").group("/gram/layers"); }, "'/gram/layers': is no dataset");
  expect_refused(
      [](auto& f) {
        f.doubles("/gram/m", {2, 3}, counting(6));
      },
      "'/gram/m': has shape [2, 3], which is no square");
  expect_refused([](auto& f) { f.doubles("/gram/m", {3}, counting(3)); },
                 "a packed triangle says layout 'lower'");
  expect_refused([](auto& f) { f.doubles("/gram/m", {4}, counting(4)).text("/gram/m", "layout", "lower"); },
                 "'/gram/m': has shape [4], which is no packed triangle");
  expect_refused(
      [](auto& f) {
        f.doubles("/gram/m", {2, 2}, counting(4)).text("/gram/m", "layout", "lower");
      },
      "no packed triangle");
  expect_refused(
      [](auto& f) {
        f.doubles("/gram/m", {1, 1}, {1}).text("/gram/m", "layout", "upper");
      },
      "'layout' is 'upper', not one of 'full', 'lower'");
  expect_refused(
      [](auto& f) {
        f.doubles("/gram/m", {1, 1}, {1}).text("/gram/m", "layuot", "lower");
      },
      "'layuot' is unknown (did you mean 'layout'?)");
  expect_refused(
      [](auto& f) {
        f.halves("/gram/m", {1, 1}, {1});
      },
      "'/gram/m': has type F16; statistics are");
  expect_refused([](auto& f) { f.integers("/fisher/w", {1}, {1}); }, "'/fisher/w': has type I64");
  expect_refused(
      [](auto& f) {
        f.doubles("/fisher/w", {2}, {1, 2}, H5T_IEEE_F64LE, true);
      },
      "'/fisher/w': is chunked");
}

TEST_F(StatisticsFileTest, EveryTruncationIsRefused) {
  make([](Hdf5Builder& f) { f.doubles("/gram/m", {4, 4}, std::vector<double>(16, 1)); });
  const std::string whole = testing::get(path());
  for (std::size_t size = 0; size < whole.size(); size += 53) {
    testing::put(folder_ / "cut.h5", whole.substr(0, size));
    const auto failure = failure_of([&] { StatisticsFile::open(folder_ / "cut.h5"); });
    ASSERT_TRUE(failure) << size;
    EXPECT_EQ(failure->code, ExitCode::input);
  }
}

TEST_F(StatisticsFileTest, EveryTriangleHasItsDimension) {
  for (std::uint64_t d = 0; d < 40; ++d) {
    const StatisticsFile file = make([&](Hdf5Builder& f) {
      f.doubles("/gram/m", {triangle_elements(d)}, std::vector<double>(triangle_elements(d), 1));
      f.text("/gram/m", "layout", "lower");
    });
    EXPECT_EQ(file.statistics().at(0).dimension, d);
  }
  EXPECT_EQ(triangle_elements(28672), 411056128U);
  EXPECT_EQ(triangle_elements(3037000499), 4611686016981624750U);
}

}  // namespace
}  // namespace stockpot::io
