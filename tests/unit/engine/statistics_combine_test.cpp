#include "statistics_fixture.hpp"

namespace stockpot::engine {
namespace {

using io::StatisticKind;

class CombinedStatistics : public StatisticsFixture {
 protected:
  CombinedStatistics() {
    Samples::write_model(folder / "model");
    job.block = "bias";
  }

  std::filesystem::path write(const Samples& samples, std::uint64_t first, std::uint64_t count) {
    const std::filesystem::path path = folder / ("from-" + std::to_string(first) + ".h5");
    samples.write(path, first, count);
    return path;
  }
  void take(const std::filesystem::path& samples, Collected what, int ranks = 1) {
    job.samples = {samples};
    job.what = what;
    static_cast<void>(collect(ranks));
  }
  /// All statistics of all examples, in one file.
  std::filesystem::path take_all(const Samples& samples, std::uint64_t first, std::uint64_t count,
                                 const std::string& name) {
    job.output = folder / name;
    job.extend = false;
    job.dtype = DType::f64;
    const std::filesystem::path file = write(samples, first, count);
    take(file, Collected::gram);
    job.extend = true;
    job.block.clear();
    take(file, Collected::fisher);
    job.block = "bias";
    job.extend = false;
    return job.output;
  }
  static void expect_all(const Samples& samples, const std::filesystem::path& path, double relative) {
    const io::StatisticsFile file = io::StatisticsFile::open(path);
    expect_close(values_of(file, StatisticKind::gram, "q"), samples.gram_q(), relative);
    expect_close(values_of(file, StatisticKind::gram, "k"), samples.gram_q(), relative);
    expect_close(values_of(file, StatisticKind::gram, "mlp.wide"), samples.gram_wide(), relative);
    expect_close(values_of(file, StatisticKind::gram_output, "q"), samples.gram_output_q(), relative);
    expect_close(values_of(file, StatisticKind::fisher_block, "bias"), samples.block_bias(), relative);
    expect_close(values_of(file, StatisticKind::fisher, "q.weight"), samples.fisher_weight(), relative);
    const io::Statistic& q = *file.find(StatisticKind::gram, "q");
    EXPECT_EQ(q.count, samples.tokens_q());
    EXPECT_EQ(q.data.address, file.find(StatisticKind::gram, "k")->data.address);
    EXPECT_EQ(file.find(StatisticKind::gram, "mlp.wide")->weight_layout, io::WeightLayout::in_out);
  }
  void expect_combine_refused(const std::vector<std::string>& parts,
                              const std::vector<std::filesystem::path>& files) {
    expect_refused(ExitCode::input, parts, [&](comm::Communicator& world) {
      combine_statistics(world, files, folder / "combined.h5", options);
    });
  }
};

TEST_F(CombinedStatistics, ExtendingIsTakingAllAtOnce) {
  const Samples samples(150);
  const std::filesystem::path first = write(samples, 0, 30);
  const std::filesystem::path rest = write(samples, 30, 120);
  job.dtype = DType::f64;
  take(first, Collected::gram);
  job.extend = true;
  take(rest, Collected::gram, 3);
  job.block.clear();
  take(first, Collected::fisher);
  // Of 30 examples, in a file whose Grams are of 150.
  EXPECT_EQ(io::StatisticsFile::open(out).header().examples, 30U);
  EXPECT_EQ(io::StatisticsFile::open(out).find(StatisticKind::fisher_block, "bias")->count, 150U);
  take(rest, Collected::fisher, 2);
  expect_all(samples, out, 1e-12);
  const io::StatisticsHeader header = io::StatisticsFile::open(out).header();
  EXPECT_EQ(header.examples, 150U);
  EXPECT_EQ(header.tokens, samples.tokens_q());
  EXPECT_EQ(header.labels, io::Labels::empirical);
}

TEST_F(CombinedStatistics, ExtendingKeepsTypesUnlessAsked) {
  const Samples samples(40);
  const std::filesystem::path first = write(samples, 0, 10);
  const std::filesystem::path rest = write(samples, 10, 30);
  job.dtype = DType::f32;
  take(first, Collected::gram);
  job.dtype.reset();
  job.extend = true;
  take(rest, Collected::fisher);
  const auto type_of = [&](StatisticKind kind, const std::string& name) {
    return io::StatisticsFile::open(out).find(kind, name)->data.dtype;
  };
  EXPECT_EQ(type_of(StatisticKind::gram, "q"), DType::f32);
  EXPECT_EQ(type_of(StatisticKind::fisher, "bias"), DType::f32);
  EXPECT_EQ(type_of(StatisticKind::fisher_block, "bias"), DType::f32);
  take(rest, Collected::gram);
  EXPECT_EQ(type_of(StatisticKind::gram, "q"), DType::f32);
  job.dtype = DType::f64;
  take(rest, Collected::gram);
  EXPECT_EQ(type_of(StatisticKind::gram, "q"), DType::f64);
  EXPECT_EQ(type_of(StatisticKind::fisher, "bias"), DType::f32) << "what has nothing new stays as it is";
}

TEST_F(CombinedStatistics, CombiningIsTakingAllAtOnceWhoeverDoesIt) {
  const Samples samples(150);
  std::vector<std::filesystem::path> files;
  for (const auto& [first, count] : {std::pair{0U, 70U}, {70U, 5U}, {75U, 75U}}) {
    files.push_back(take_all(samples, first, count, "part-" + std::to_string(first) + ".h5"));
  }
  const std::filesystem::path combined = folder / "combined.h5";
  combine(files, combined);
  expect_all(samples, combined, 1e-12);
  const std::string expected = test::read_file(combined);
  for (const int ranks : {2, 3, 4}) {
    options.plan.threads = ranks == 3 ? 3 : 1;
    combine(files, combined, ranks);
    EXPECT_TRUE(test::read_file(combined) == expected) << ranks;
  }
  combine(files, files.front());  // onto one of its inputs
  EXPECT_TRUE(test::read_file(files.front()) == expected);
}

TEST_F(CombinedStatistics, OneExampleMoreIsWeighedAsOne) {
  const auto write_file = [&](const std::string& name, double value, std::int64_t tokens) {
    io::testing::Hdf5Builder file(folder / name);
    file.number("/", "format_version", 1)
        .text("/", "model_digest", std::string(32, 'a'))
        .number("/", "tokens", tokens)
        .doubles("/gram/x", {1, 1}, {value});
  };
  write_file("a.h5", 2, 3);
  write_file("b.h5", 6, 1);
  combine({folder / "a.h5", folder / "b.h5"}, folder / "c.h5", 2);
  const io::StatisticsFile file = io::StatisticsFile::open(folder / "c.h5");
  EXPECT_EQ(values_of(file, StatisticKind::gram, "x"), std::vector<double>{3.0});
  EXPECT_EQ(file.find(StatisticKind::gram, "x")->count, 4U);
}

TEST_F(CombinedStatistics, RefusesWhatDoesNotBelongTogether) {
  const Samples samples(20);
  const std::filesystem::path whole = take_all(samples, 0, 10, "whole.h5");
  job.output = folder / "grams.h5";
  take(write(samples, 10, 10), Collected::gram);
  expect_combine_refused({"grams.h5", "/fisher/", "whole.h5 has it"}, {whole, folder / "grams.h5"});

  const std::filesystem::path exact = take_all(Samples(20, true), 0, 20, "exact.h5");
  expect_combine_refused({"exact.h5", "'labels' is 'exact', but 'empirical'"}, {whole, exact});

  const auto edited = [&](const std::string& name,
                          const std::function<void(io::testing::Hdf5Builder&)>& fill) {
    io::testing::Hdf5Builder file(folder / name);
    file.number("/", "format_version", 1);
    fill(file);
    return folder / name;
  };
  const auto a = edited("a.h5", [](auto& f) {
    f.text("/", "model_digest", std::string(32, 'a')).doubles("/gram/x", {1, 1}, {1});
  });
  const auto b = edited("b.h5", [](auto& f) {
    f.text("/", "model_digest", std::string(32, 'b')).doubles("/gram/x", {1, 1}, {1});
  });
  expect_combine_refused({"b.h5", "is of another model"}, {a, b});
  expect_combine_refused({"a.h5", "/gram/x", "how many tokens"}, {a, a});
  const auto negative = edited("negative.h5", [](auto& f) {
    f.text("/", "model_digest", std::string(32, 'a'))
        .number("/", "tokens", 1)
        .doubles("/gram/x", {1, 1}, {-1});
  });
  const auto wide = edited("wide.h5", [](auto& f) {
    f.text("/", "model_digest", std::string(32, 'a'))
        .number("/", "tokens", 1)
        .doubles("/gram/x", {2, 2}, {1, 0, 0, 1});
  });
  expect_combine_refused({"negative.h5", "/gram/x", "differs in shape"}, {wide, negative});
  expect_combine_refused({"negative.h5", "/gram/x", "negative"}, {negative, negative});
  expect_combine_refused({"missing.h5"}, {a, folder / "missing.h5"});
}

TEST_F(CombinedStatistics, AFailedExtensionLeavesWhatStood) {
  const Samples samples(20);
  take(write(samples, 0, 20), Collected::gram);
  const std::string before = test::read_file(out);
  job.extend = true;
  job.samples = {folder / "from-0.h5"};
  const auto expect_failure = [&](const std::string& fault) {
    set_fault_plan(fault);
    bool failed = false;
    try {
      static_cast<void>(collect());
    } catch (const Error& error) {
      failed = true;
      EXPECT_EQ(error.code(), ExitCode::system_io) << fault << ": " << error.what();
      EXPECT_TRUE(test::read_file(out) == before) << fault;
      EXPECT_EQ(listing(), (std::vector<std::string>{"from-0.h5", "model", "out.h5"})) << fault;
    }
    set_fault_plan("");
    return failed;
  };
  EXPECT_TRUE(expect_failure("write:enospc:nth=9"));
  EXPECT_TRUE(expect_failure("rename:eio:nth=1"));
  // Every point at which ranks agree, until there are no more.
  int points = 0;
  while (points < 60 && expect_failure("agree:eio:nth=" + std::to_string(points + 1))) ++points;
  EXPECT_GT(points, 12);
  EXPECT_LT(points, 60);
  EXPECT_NE(test::read_file(out), before) << "the last run met no fault";
  {
    job.extend = false;
    static_cast<void>(collect());
    job.extend = true;
    EXPECT_TRUE(test::read_file(out) == before);
  }
  job.output = folder / "nowhere.h5";
  expect_refused(ExitCode::input, {"nowhere.h5"});

  const Samples exact(20, true);
  exact.write(folder / "exact.h5", 0, 20);
  job.output = out;
  job.samples = {folder / "exact.h5"};
  expect_refused(ExitCode::input, {"'labels' is 'exact', but 'empirical'"});
  Samples::write_model(folder / "model", 8);
  expect_refused(ExitCode::input, {"mlp.wide"});
  EXPECT_TRUE(test::read_file(out) == before);
}

}  // namespace
}  // namespace stockpot::engine
