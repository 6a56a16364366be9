#include "stockpot/io/statistics_writer.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <thread>

#include "stockpot/base/fault.hpp"
#include "stockpot/io/hdf5_state.hpp"
#include "stockpot/io/output_folder.hpp"
#include "unit/io/hdf5_builder.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using testing::counting;
using ::testing::ElementsAre;
using testing::failure_of;
using testing::get;
using ::testing::HasSubstr;

NewStatistic matrix(StatisticKind kind, std::string name, std::uint64_t dimension,
                    TriangleLayout layout = TriangleLayout::lower, DType dtype = DType::f64) {
  NewStatistic statistic;
  statistic.kind = kind;
  statistic.name = std::move(name);
  statistic.shape = {dimension};
  statistic.layout = layout;
  statistic.dtype = dtype;
  statistic.count = 7;
  return statistic;
}

NewStatistic fisher(std::string name, Shape shape, DType dtype = DType::f32) {
  NewStatistic statistic;
  statistic.name = std::move(name);
  statistic.shape = std::move(shape);
  statistic.dtype = dtype;
  return statistic;
}

NewStatistic shared(NewStatistic statistic, std::string name) {
  statistic.shared_with = std::exchange(statistic.name, std::move(name));
  return statistic;
}

StatisticsHeader header() {
  StatisticsHeader header;
  header.model_digest = digest_of(std::string_view("a model"));
  header.examples = 5;
  header.tokens = 7;
  header.labels = Labels::sampled;
  return header;
}

/// Element [i, j] of a positive definite matrix; i >= j.
double element(std::uint64_t i, std::uint64_t j) {
  return i == j ? 10 + static_cast<double>(i) : 1 / static_cast<double>(1 + i + 3 * j);
}

std::vector<double> packed_rows(std::uint64_t first, std::uint64_t end) {
  std::vector<double> packed;
  for (std::uint64_t i = first; i < end; ++i) {
    for (std::uint64_t j = 0; j <= i; ++j) packed.push_back(element(i, j));
  }
  return packed;
}

class StatisticsWriterTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "s.h5"; }
  testing::TemporaryFolder folder_;
};

TEST_F(StatisticsWriterTest, AFisherOfOtherExamplesThanTheRootsSaysSo) {
  NewStatistic own = fisher("own", {1});
  own.count = 9;
  NewStatistic roots = fisher("roots", {1});
  roots.count = 5;
  StatisticsWriter::create(path(), header(), {own, roots, fisher("unsaid", {1})});
  const StatisticsFile file = StatisticsFile::open(path());
  EXPECT_EQ(file.find(StatisticKind::fisher, "own")->count, 9U);
  EXPECT_EQ(file.find(StatisticKind::fisher, "roots")->count, 5U);
  EXPECT_EQ(file.find(StatisticKind::fisher, "unsaid")->count, 5U);
}

TEST_F(StatisticsWriterTest, RoundTrip) {
  const NewStatistic gram = matrix(StatisticKind::gram, "q", 5);
  NewStatistic transposed = matrix(StatisticKind::gram, "h.0/c_attn", 3, TriangleLayout::full, DType::f32);
  transposed.weight_layout = WeightLayout::in_out;
  StatisticsWriter::create(path(), header(),
                           {fisher("w", {2, 3}), fisher("scalar", {}, DType::f64), fisher("none", {0, 2}),
                            gram, shared(gram, "k"), transposed, matrix(StatisticKind::gram_output, "q", 2),
                            matrix(StatisticKind::fisher_block, "scale", 1)});
  const StatisticsWriter writer(path());
  const auto written = [&](StatisticKind kind, const std::string& name) -> const Statistic& {
    return *writer.file().find(kind, name);
  };
  writer.write_block(written(StatisticKind::fisher, "w"), 0, counting(4));
  writer.write_block(written(StatisticKind::fisher, "w"), 4, counting(2, 4));
  writer.write_block(written(StatisticKind::fisher, "scalar"), 0, counting(1, 3));
  writer.write_rows(written(StatisticKind::gram, "q"), 0, 5, packed_rows(0, 5));
  writer.write_rows(written(StatisticKind::gram, "h.0/c_attn"), 0, 3, packed_rows(0, 3));
  writer.write_rows(written(StatisticKind::gram_output, "q"), 0, 2, packed_rows(0, 2));
  writer.write_rows(written(StatisticKind::fisher_block, "scale"), 0, 1, packed_rows(0, 1));
  writer.sync();

  const StatisticsFile file = StatisticsFile::open(path());
  file.check_values();
  EXPECT_EQ(file.header().model_digest, header().model_digest);
  EXPECT_EQ(file.header().examples, 5U);
  EXPECT_EQ(file.header().tokens, 7U);
  EXPECT_EQ(file.header().labels, Labels::sampled);
  std::vector<double> values(6);
  file.read_fisher(*file.find(StatisticKind::fisher, "w"), 0, values);
  EXPECT_EQ(values, counting(6));
  EXPECT_EQ(file.find(StatisticKind::fisher, "scalar")->data.shape, Shape{});
  EXPECT_EQ(file.find(StatisticKind::fisher, "none")->data.shape, (Shape{0, 2}));
  for (const std::string name : {"q", "k"}) {
    const Statistic& gram_read = *file.find(StatisticKind::gram, name);
    EXPECT_EQ(gram_read.layout, TriangleLayout::lower);
    EXPECT_EQ(gram_read.weight_layout, WeightLayout::out_in);
    EXPECT_EQ(gram_read.count, 7U);
    file.read_rows(gram_read, 0, 5, values);
    EXPECT_EQ(values, packed_rows(0, 5));
  }
  const Statistic& full = *file.find(StatisticKind::gram, "h.0/c_attn");
  EXPECT_EQ(full.layout, TriangleLayout::full);
  EXPECT_EQ(full.weight_layout, WeightLayout::in_out);
  file.read_rows(full, 0, 3, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], static_cast<double>(static_cast<float>(packed_rows(0, 3)[i])));
  }
}

TEST_F(StatisticsWriterTest, WhoWritesWhatLeavesNoTrace) {
  constexpr std::uint64_t rows = 37;
  std::string alone;
  for (const std::uint64_t cut : {rows, std::uint64_t{1}, std::uint64_t{5}}) {
    std::vector<NewStatistic> statistics{matrix(StatisticKind::gram, "full", rows, TriangleLayout::full),
                                         matrix(StatisticKind::gram, "lower", rows), fisher("l.10", {rows}),
                                         fisher("l.9", {rows})};
    if (cut == 5) {
      std::reverse(statistics.begin(), statistics.end());
      std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // times are kept in seconds
    }
    StatisticsWriter::create(path(), header(), statistics);
    std::vector<std::thread> ranks;
    for (std::uint64_t rank = 0; rank < 3; ++rank) {
      ranks.emplace_back([&, rank] {
        const StatisticsWriter writer(path());
        for (std::uint64_t first = rank * cut; first < rows; first += 3 * cut) {
          const std::uint64_t end = std::min(first + cut, rows);
          for (const Statistic& statistic : writer.file().statistics()) {
            if (statistic.kind == StatisticKind::gram) {
              writer.write_rows(statistic, first, end, packed_rows(first, end));
            } else {
              writer.write_block(statistic, first, counting(end - first, static_cast<double>(first)));
            }
          }
        }
      });
    }
    for (std::thread& rank : ranks) rank.join();
    StatisticsFile::open(path()).check_values();
    if (alone.empty()) alone = get(path());
    EXPECT_TRUE(get(path()) == alone) << "blocks of " << cut;
  }
}

TEST_F(StatisticsWriterTest, ValuesThatNoReaderTakesAreNotWritten) {
  StatisticsWriter::create(path(), header(), {fisher("w", {2}), matrix(StatisticKind::gram, "m", 1)});
  const StatisticsWriter writer(path());
  const std::vector<double> large{1, 1e39};
  const auto beyond = failure_of([&] { writer.write_block(writer.file().statistics().at(0), 0, large); });
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->code, ExitCode::input);
  EXPECT_THAT(beyond->message,
              HasSubstr("object '/fisher/w': element 1 would be 1e+39, which F32 can't hold"));
  const std::vector<double> row{std::nan("")};
  EXPECT_TRUE(failure_of([&] { writer.write_rows(writer.file().statistics().at(1), 0, 1, row); }));
  EXPECT_THROW(writer.write_block(writer.file().statistics().at(0), 1, large), std::invalid_argument);
  EXPECT_THROW(writer.write_rows(writer.file().statistics().at(1), 0, 1, large), std::invalid_argument);
}

TEST_F(StatisticsWriterTest, ImpossibleStatisticsAreRefused) {
  const auto create = [&](std::vector<NewStatistic> statistics) {
    StatisticsWriter::create(path(), header(), std::move(statistics));
  };
  EXPECT_THROW(create({fisher("w", {2}, DType::bf16)}), std::invalid_argument);
  EXPECT_THROW(create({fisher("w", Shape(33, 1))}), std::invalid_argument);
  EXPECT_THROW(create({matrix(StatisticKind::gram, "m", std::uint64_t{1} << 33)}), std::invalid_argument);
  const auto twice = failure_of([&] { create({fisher("w", {1}), fisher("w", {1})}); });
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->code, ExitCode::system_io);
  EXPECT_THAT(twice->message, HasSubstr("object '/fisher/w'"));
  EXPECT_TRUE(failure_of([&] { create({shared(matrix(StatisticKind::gram, "q", 1), "k")}); }));
  const auto nowhere = failure_of([&] { StatisticsWriter::create(folder_ / "missing/s.h5", header(), {}); });
  ASSERT_TRUE(nowhere);
  EXPECT_EQ(nowhere->code, ExitCode::system_io);
}

TEST_F(StatisticsWriterTest, AFullDiskIsNamed) {
  StatisticsWriter::create(path(), header(), {fisher("w", {2})});
  const StatisticsWriter writer(path());
  set_fault_plan("write:enospc");
  const auto failure =
      failure_of([&] { writer.write_block(writer.file().statistics().at(0), 0, counting(2)); });
  set_fault_plan("");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::system_io);
}

/// What a command prints; empty if it fails.
std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return {};
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    text.append(buffer.data(), count);
  }
  return ::pclose(pipe) == 0 ? text : std::string();
}

TEST_F(StatisticsWriterTest, ToolsOfHdf5ReadIt) {
  if (output_of("h5dump --version").empty()) GTEST_SKIP() << "no h5dump (Debian: hdf5-tools)";
  const NewStatistic gram = matrix(StatisticKind::gram, "a/b", 2);
  StatisticsWriter::create(path(), header(), {gram, shared(gram, "c"), fisher("w", {1, 2})});
  {
    const StatisticsWriter writer(path());
    writer.write_rows(*writer.file().find(StatisticKind::gram, "a/b"), 0, 2, packed_rows(0, 2));
    writer.write_block(*writer.file().find(StatisticKind::fisher, "w"), 0, counting(2, 0.25));
  }
  const std::string all = output_of("h5dump " + path().string());
  EXPECT_THAT(all, HasSubstr("ATTRIBUTE \"format_version\""));
  EXPECT_THAT(all, HasSubstr("\"" + header().model_digest.hex() + "\""));
  EXPECT_THAT(all, HasSubstr("(0,0): 0.25, 1.25"));
  EXPECT_THAT(all, HasSubstr("(0): 10, 0.5, 11"));
  EXPECT_THAT(all, HasSubstr("HARDLINK \"/gram/a%2Fb\""));
  const std::string attributes = output_of("h5dump -A -g /gram " + path().string());
  EXPECT_THAT(attributes, HasSubstr("\"lower\""));
  EXPECT_THAT(attributes, HasSubstr("\"out_in\""));
}

TEST_F(StatisticsWriterTest, PublishesWithOneRename) {
  OutputFolder::Options options;
  options.kind = OutputKind::file;
  OutputFolder output = OutputFolder::claim(path(), options);
  const std::filesystem::path partial = partial_path(path()) / "statistics.h5";
  StatisticsWriter::create(partial, header(), {fisher("w", {2})});
  const StatisticsWriter writer(partial);
  writer.write_block(writer.file().statistics().at(0), 0, counting(2));
  writer.sync();
  EXPECT_FALSE(std::filesystem::exists(path()));
  output.publish_file("statistics.h5");
  StatisticsFile::open(path()).check_values();
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

}  // namespace
}  // namespace stockpot::io
