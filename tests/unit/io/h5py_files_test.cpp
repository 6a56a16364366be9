// Files as people write them with h5py, in tests/golden/statistics.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "stockpot/io/sample_file.hpp"
#include "stockpot/io/statistics_file.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(__FILE__).parent_path() / ".." / ".." / "golden" / "statistics" / name;
}

nlohmann::json expected(const std::string& file) {
  return nlohmann::json::parse(testing::get(golden("expected.json"))).at(file);
}

std::vector<double> all_tokens(const SampleFile& file, const SampleRows& rows) {
  std::vector<double> values;
  file.read_tokens(rows, 0, rows.entries, values);
  return values;
}

TEST(H5pyFiles, Samples) {
  const SampleFile file = SampleFile::open(golden("samples.h5"));
  const nlohmann::json values = expected("samples");
  EXPECT_EQ(file.labels(), Labels::exact);
  EXPECT_EQ(file.model_digest()->hex(), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(file.examples(), 3U);
  ASSERT_EQ(file.inputs().size(), 1U);
  EXPECT_EQ(file.inputs()[0].weight_layout, WeightLayout::in_out);
  EXPECT_EQ(file.count_tokens(file.inputs()[0], 0, 3), 8U);
  EXPECT_EQ(all_tokens(file, file.inputs()[0]), values["inputs"].get<std::vector<double>>());
  ASSERT_EQ(file.output_gradients().size(), 1U);
  EXPECT_EQ(file.output_gradients()[0].module, "decoder/fc");
  EXPECT_EQ(all_tokens(file, file.output_gradients()[0]),
            values["output_gradients"].get<std::vector<double>>());
  ASSERT_EQ(file.gradients().size(), 1U);
  EXPECT_EQ(file.gradients()[0].shape, (Shape{2, 5}));
  std::vector<double> gradients(60);
  file.read_gradients(file.gradients()[0], 0, gradients);
  EXPECT_EQ(gradients, values["gradients"].get<std::vector<double>>());
  EXPECT_EQ(file.read_probabilities(0, 3), values["probabilities"].get<std::vector<double>>());
}

TEST(H5pyFiles, Statistics) {
  const StatisticsFile file = StatisticsFile::open(golden("statistics.h5"));
  const nlohmann::json values = expected("statistics");
  file.check_values();
  EXPECT_EQ(file.header().labels, Labels::empirical);
  EXPECT_EQ(file.header().tokens, 20U);
  std::vector<double> read;
  for (const std::string name : {"q", "k", "v"}) {
    const Statistic* gram = file.find(StatisticKind::gram, name);
    ASSERT_NE(gram, nullptr) << name;
    EXPECT_EQ(gram->data.address, file.find(StatisticKind::gram, "q")->data.address);
    EXPECT_EQ(gram->count, 20U);
    file.read_rows(*gram, 0, 4, read);
    EXPECT_EQ(read, values["full"].get<std::vector<double>>());
  }
  EXPECT_EQ(file.find(StatisticKind::gram, "o")->count, 9U);
  file.read_rows(*file.find(StatisticKind::gram, "o"), 0, 3, read);
  EXPECT_EQ(read, values["lower"].get<std::vector<double>>());
  read.resize(8);
  file.read_fisher(*file.find(StatisticKind::fisher, "q.weight"), 0, read);
  EXPECT_EQ(read, values["fisher"].get<std::vector<double>>());
}

}  // namespace
}  // namespace stockpot::io
