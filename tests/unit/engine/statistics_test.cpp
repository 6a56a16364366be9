#include "statistics_fixture.hpp"

namespace stockpot::engine {
namespace {

using io::StatisticKind;

class Statistics : public StatisticsFixture {
 protected:
  Statistics() { Samples::write_model(folder / "model"); }

  /// Cuts `examples` at these places into files and makes them the job's samples.
  void write_cut(const Samples& samples, const std::vector<std::uint64_t>& cuts, bool compressed = false) {
    job.samples.clear();
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const std::filesystem::path path = folder / ("samples-" + std::to_string(i) + ".h5");
      samples.write(path, cuts[i], cuts[i + 1] - cuts[i], {}, compressed);
      job.samples.push_back(path);
    }
  }
};

TEST_F(Statistics, GramsAreThoseOfTheTokensThatCount) {
  const Samples samples(150);
  write_cut(samples, {0, 150});
  job.block = "^bias$";
  const StatisticsSummary summary = collect();
  const io::StatisticsFile file = io::StatisticsFile::open(out);
  expect_close(values_of(file, StatisticKind::gram, "q"), samples.gram_q(), 1e-12);
  expect_close(values_of(file, StatisticKind::gram, "mlp.wide"), samples.gram_wide(), 1e-12);
  expect_close(values_of(file, StatisticKind::gram_output, "q"), samples.gram_output_q(), 1e-12);
  expect_close(values_of(file, StatisticKind::fisher_block, "bias"), samples.block_bias(), 1e-12);

  const io::Statistic& q = *file.find(StatisticKind::gram, "q");
  EXPECT_EQ(q.data.address, file.find(StatisticKind::gram, "k")->data.address);
  EXPECT_EQ(q.data.dtype, DType::f64);
  EXPECT_EQ(q.layout, io::TriangleLayout::lower);
  EXPECT_EQ(q.count, samples.tokens_q());
  const io::Statistic& wide = *file.find(StatisticKind::gram, "mlp.wide");
  EXPECT_EQ(wide.count, samples.tokens_wide());
  EXPECT_EQ(wide.weight_layout, io::WeightLayout::in_out);
  EXPECT_EQ(file.find(StatisticKind::fisher_block, "bias")->count, 150U);
  EXPECT_EQ(file.header().model_digest, test::content_digest(folder / "model"));
  EXPECT_EQ(file.header().examples, 150U);
  EXPECT_EQ(file.header().tokens, samples.tokens_q());
  EXPECT_EQ(file.header().labels, io::Labels::empirical);
  EXPECT_EQ(summary.statistics.size(), 5U);
}

TEST_F(Statistics, FisherValuesAreMeanSquaresOfExamples) {
  for (const bool exact : {false, true}) {
    const Samples samples(150, exact);
    write_cut(samples, {0, 150});
    job.what = Collected::fisher;
    job.dtype = DType::f64;
    job.block = "ias";
    static_cast<void>(collect());
    const io::StatisticsFile file = io::StatisticsFile::open(out);
    expect_close(values_of(file, StatisticKind::fisher, "q.weight"), samples.fisher_weight(), 1e-12);
    expect_close(values_of(file, StatisticKind::fisher, "bias"), samples.fisher_bias(), 1e-12);
    expect_close(values_of(file, StatisticKind::fisher_block, "bias"), samples.block_bias(), 1e-12);
    EXPECT_EQ(file.find(StatisticKind::fisher, "q.weight")->data.shape, (Shape{4, 5}));
    EXPECT_EQ(file.header().labels, exact ? io::Labels::exact : io::Labels::empirical);
    EXPECT_EQ(file.header().examples, 150U);
  }
}

TEST_F(Statistics, DefaultsAndFormsOfStorage) {
  const Samples samples(70);
  write_cut(samples, {0, 70});
  job.what = Collected::fisher;
  static_cast<void>(collect());
  EXPECT_EQ(io::StatisticsFile::open(out).find(StatisticKind::fisher, "bias")->data.dtype, DType::f32);

  job.what = Collected::gram;
  job.full = true;
  job.dtype = DType::f32;
  static_cast<void>(collect());
  const io::StatisticsFile file = io::StatisticsFile::open(out);
  const io::Statistic& wide = *file.find(StatisticKind::gram, "mlp.wide");
  EXPECT_EQ(wide.layout, io::TriangleLayout::full);
  EXPECT_EQ(wide.data.shape, (Shape{7, 7}));
  EXPECT_EQ(wide.data.dtype, DType::f32);
  file.check_values();
  expect_close(values_of(file, StatisticKind::gram, "mlp.wide"), samples.gram_wide(), 1e-6);
}

TEST_F(Statistics, BytesDependOnTheSequenceOfExamplesAlone) {
  for (const bool exact : {false, true}) {
    for (const Collected what : {Collected::gram, Collected::fisher}) {
      const Samples samples(200, exact);
      job.what = what;
      job.block = "bias";
      options.plan.threads = 1;
      write_cut(samples, {0, 200});
      const std::string expected = collected_bytes();
      for (const std::vector<std::uint64_t>& cuts :
           {std::vector<std::uint64_t>{0, 200}, {0, 1, 64, 190, 200}, {0, 63, 64, 64, 130, 200}}) {
        const bool compressed = cuts.size() == 5;
        write_cut(samples, cuts, compressed);
        for (const int ranks : {1, 2, 3, 4}) {
          options.plan.threads = ranks == 2 ? 3 : 1;
          EXPECT_TRUE(collected_bytes(ranks) == expected) << ranks << " ranks, " << cuts.size() << " cuts";
        }
      }
    }
  }
}

TEST_F(Statistics, BytesDoNotDependOnTheMemory) {
  constexpr std::uint64_t wide = 1100;  // three tiles of rows
  Samples::write_model(folder / "model", wide);
  const Samples samples(40, false, wide);
  write_cut(samples, {0, 40});
  const std::string expected = collected_bytes();
  const std::uint64_t smallest = smallest_memory();
  for (const std::uint64_t spare_bytes : {std::uint64_t{0}, std::uint64_t{15} << 20}) {
    options.plan.memory_bytes = smallest + spare_bytes;
    EXPECT_TRUE(collected_bytes(1) == expected) << spare_bytes;
  }
  options.plan.memory_bytes = smallest - 1;
  expect_refused(ExitCode::usage, {"--memory", "the smallest that works is"});
  options.plan.memory_bytes.reset();
  expect_close(values_of(io::StatisticsFile::open(out), StatisticKind::gram, "mlp.wide"), samples.gram_wide(),
               1e-12);
}

TEST_F(Statistics, InputsAloneHaveNoLabels) {
  const Samples samples(5);
  samples.write(folder / "inputs.h5", 0, 5,
                [](auto& file) { file.remove("/output_gradients").remove("/gradients"); });
  job.samples = {folder / "inputs.h5"};
  static_cast<void>(collect());
  const io::StatisticsFile file = io::StatisticsFile::open(out);
  EXPECT_EQ(file.header().labels, io::Labels::none);
  EXPECT_EQ(file.statistics().size(), 3U);
}

TEST_F(Statistics, PackedProjectionsAndTiedWeightsAreModules) {
  test::CheckpointBuilder().add_random("attn.in_proj_weight", DType::f32, {9, 3}, 1).write(folder / "packed");
  {
    io::testing::Hdf5Builder file(folder / "packed.h5");
    file.number("/", "format_version", 1)
        .doubles("/inputs/attn.in_proj", {4, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 0, 1});
  }
  job.model = (folder / "packed").string();
  job.samples = {folder / "packed.h5"};
  static_cast<void>(collect(2));
  expect_close(values_of(io::StatisticsFile::open(out), StatisticKind::gram, "attn.in_proj"),
               {67.0 / 4, 78.0 / 4, 93.0 / 4, 91.0 / 4, 108.0 / 4, 127.0 / 4}, 1e-15);
}

TEST_F(Statistics, AStopLeavesWhatStood) {
  write_cut(Samples(5), {0, 5});
  const std::string before = collected_bytes();
  std::atomic<bool> stop{true};
  options.stop_requested = &stop;
  job.what = Collected::fisher;
  expect_refused(ExitCode::stopped, {"out.h5", "the same command begins anew"});
  EXPECT_TRUE(test::read_file(out) == before);
}

}  // namespace
}  // namespace stockpot::engine
