#include "statistics_fixture.hpp"
#include "stockpot/probe/mlp.hpp"

namespace stockpot::engine {
namespace {

using io::StatisticKind;

/// A small mlp, run on data of several leaves.
class ProbedStatistics : public StatisticsFixture {
 protected:
  static constexpr std::uint64_t examples = 700;
  static constexpr std::uint64_t inputs = 6;

  ProbedStatistics() : parameters_(probe::initial_mlp(std::vector<std::uint64_t>{inputs, 8, 5, 3}, 7)) {
    test::CheckpointBuilder model;
    for (const probe::NamedTensor& tensor : parameters_) {
      model.add(tensor.name, DType::f64, tensor.shape, tensor.values);
    }
    model.write(folder / "model");
    std::mt19937 generator(3);
    std::normal_distribution<double> normal;
    for (std::uint64_t i = 0; i < examples * inputs; ++i) x_.push_back(normal(generator));
    for (std::uint64_t e = 0; e < examples; ++e) y_.push_back(static_cast<std::int64_t>(generator() % 3));
    write_data(y_);
    job.probe = ProbeSource{"mlp", folder / "data.h5", {}};
    job.dtype = DType::f64;
  }
  void write_data(const std::vector<std::int64_t>& labels) const {
    io::testing::Hdf5Builder(folder / "data.h5")
        .doubles("/x", {examples, inputs}, x_)
        .integers("/y", {examples}, labels);
  }

  /// Sums of weight * row row^T, packed, over the rows that `visit` shows, divided by the examples.
  template <typename Visit>
  std::vector<double> mean_outer(const Visit& visit) const {
    std::vector<long double> sums;
    const auto add = [&](std::span<const double> row, double weight) {
      sums.resize(row.size() * (row.size() + 1) / 2);
      std::size_t at = 0;
      for (std::size_t i = 0; i < row.size(); ++i) {
        for (std::size_t j = 0; j <= i; ++j, ++at) {
          const double product = weight * row[i] * row[j];  // exact labels: to a few roundings
          sums[at] += static_cast<long double>(product);
        }
      }
    };
    visit(add);
    std::vector<double> mean;
    for (const long double sum : sums) mean.push_back(static_cast<double>(sum / examples));
    return mean;
  }
  [[nodiscard]] std::vector<double> gradient_block(const probe::Probe& model, std::size_t parameter) const {
    return mean_outer([&](const auto& add) {
      model.visit_gradients(batch(), job.probe->labels, [&](const probe::ExampleGradient& gradient) {
        add(gradient.tensors[parameter], gradient.weight);
      });
    });
  }
  [[nodiscard]] std::vector<double> output_gram(const probe::Probe& model, std::size_t module) const {
    return mean_outer([&](const auto& add) {
      model.visit_output_gradients(batch(), job.probe->labels, [&](const probe::LayerRows& rows) {
        const std::size_t width = rows.values.size() / rows.rows;
        for (std::size_t r = 0; rows.module == module && r < rows.rows; ++r) {
          add(rows.values.subspan(r * width, width), rows.weights.empty() ? 1.0 : rows.weights[r]);
        }
      });
    });
  }
  [[nodiscard]] probe::Batch batch() const {
    return {.first_example = 0, .examples = examples, .inputs = x_, .labels = y_};
  }

  probe::Parameters parameters_;
  std::vector<double> x_;
  std::vector<std::int64_t> y_;
};

TEST_F(ProbedStatistics, AreThoseOfWhatTheModelShows) {
  const auto model = probe::open_mlp(parameters_);
  for (const probe::LabelMode mode :
       {probe::LabelMode::exact, probe::LabelMode::sampled, probe::LabelMode::empirical}) {
    job.probe->labels = {mode, 11};
    job.what = Collected::gram;
    job.extend = false;
    job.block.clear();
    static_cast<void>(collect(2));
    job.what = Collected::fisher;
    job.extend = true;
    job.block = "1.bias";
    static_cast<void>(collect(3));
    const io::StatisticsFile file = io::StatisticsFile::open(out);
    EXPECT_EQ(io::name(file.header().labels), probe::name(mode));
    EXPECT_EQ(file.header().examples, examples);
    EXPECT_EQ(file.header().tokens, examples);
    expect_close(values_of(file, StatisticKind::gram_output, "layers.1"), output_gram(*model, 1), 1e-12);
    expect_close(values_of(file, StatisticKind::fisher_block, "layers.1.bias"), gradient_block(*model, 3),
                 1e-12);
    expect_close(values_of(file, StatisticKind::gram, "layers.0"), mean_outer([&](const auto& add) {
                   for (std::uint64_t e = 0; e < examples; ++e) {
                     add(std::span<const double>(x_).subspan(e * inputs, inputs), 1.0);
                   }
                 }),
                 1e-12);
    probe::Parameters squares;
    model->add_squared_gradients(batch(), job.probe->labels, squares);
    for (const probe::NamedTensor& tensor : squares) {
      std::vector<double> mean = tensor.values;
      for (double& value : mean) value /= static_cast<double>(examples);
      expect_close(values_of(file, StatisticKind::fisher, tensor.name), mean, 1e-12);
    }
  }
}

TEST_F(ProbedStatistics, BytesDoNotDependOnRanksAndThreads) {
  job.probe->labels.mode = probe::LabelMode::exact;
  job.block = "0.bias";
  for (const Collected what : {Collected::gram, Collected::fisher}) {
    job.what = what;
    options.plan.threads = 1;
    const std::string expected = collected_bytes();
    for (const int ranks : {2, 3, 4}) {
      options.plan.threads = ranks;
      EXPECT_TRUE(collected_bytes(ranks) == expected) << ranks;
    }
    options.plan.memory_bytes = smallest_memory();
    EXPECT_TRUE(collected_bytes() == expected);
    options.plan.memory_bytes.reset();
  }
}

TEST_F(ProbedStatistics, RefusesWhatDoesNotFit) {
  job.what = Collected::fisher;
  job.probe->backend = "mpl";
  expect_refused(ExitCode::usage, {"'mpl'", "did you mean 'mlp'?"});
  job.probe->backend = "mlp";
  y_.back() = 3;
  write_data(y_);
  expect_refused(ExitCode::input, {"data.h5", "3"});
  io::testing::Hdf5Builder(folder / "data.h5")
      .doubles("/x", {2, 5}, std::vector<double>(10))
      .integers("/y", {2}, {0, 1});
  expect_refused(ExitCode::input, {"data.h5", "/x", "5 values an example, but the model takes 6"});
  Samples::write_model(folder / "model");
  expect_refused(ExitCode::input, {"model", "position_ids"});
}

}  // namespace
}  // namespace stockpot::engine
