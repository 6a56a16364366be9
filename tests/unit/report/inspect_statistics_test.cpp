#include "stockpot/report/inspect_statistics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report_fixture.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/io/statistics_writer.hpp"
#include "unit/io/hdf5_builder.hpp"

namespace stockpot::report {
namespace {

using io::testing::counting;
using io::testing::Hdf5Builder;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class InspectStatisticsTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_ / "s.h5"; }
  [[nodiscard]] std::optional<StatisticsInspection> inspect_here(Depth depth = Depth::content) const {
    comm::Communicator world = comm::make_serial();
    return inspect_statistics(world, path(), depth, Listing::shortened);
  }
  void write_statistics(const std::vector<double>& gram) {
    io::NewStatistic q;
    q.kind = io::StatisticKind::gram;
    q.name = "layers.10.q";
    q.shape = {2};
    q.count = 1234;
    q.weight_layout = io::WeightLayout::in_out;
    io::NewStatistic k = q;
    k.name = "layers.9.k";
    k.shared_with = q.name;
    io::NewStatistic fisher;
    fisher.name = "layers.9.k.weight";
    fisher.shape = {3, 2};
    fisher.dtype = DType::f32;
    io::StatisticsHeader header;
    header.examples = 50;
    header.tokens = 1234;
    header.labels = io::Labels::empirical;
    io::StatisticsWriter::create(path(), header, {q, k, fisher});
    {
      const io::StatisticsWriter writer(path());
      writer.write_block(*writer.file().find(io::StatisticKind::fisher, fisher.name), 0, counting(6));
    }
    const io::StatisticsWriter writer(path());
    writer.write_rows(*writer.file().find(q.kind, q.name), 0, 2, gram);
  }
  test::TemporaryFolder folder_;
};

TEST_F(InspectStatisticsTest, StatisticsFiles) {
  write_statistics({1, 0.5, 2});
  const auto found = inspect_here();
  ASSERT_TRUE(found);
  const json document = json::parse(found->json);
  EXPECT_EQ(document["format"], "statistics");
  EXPECT_EQ(document["format_version"], 1);
  EXPECT_EQ(document["model_digest"], std::string(32, '0'));
  EXPECT_EQ(document["examples"], 50);
  EXPECT_EQ(document["tokens"], 1234);
  EXPECT_EQ(document["labels"], "empirical");
  EXPECT_EQ(document["objects"]["/gram/layers.10.q"], json({{"dtype", "F64"},
                                                            {"shape", {3}},
                                                            {"dimension", 2},
                                                            {"layout", "lower"},
                                                            {"weight_layout", "in_out"},
                                                            {"tokens", 1234}}));
  EXPECT_EQ(document["objects"]["/gram/layers.9.k"]["same_as"], "/gram/layers.10.q");
  EXPECT_EQ(document["objects"]["/fisher/layers.9.k.weight"],
            json({{"dtype", "F32"}, {"shape", {3, 2}}, {"examples", 50}}));
  EXPECT_THAT(found->text, HasSubstr("s.h5: statistics, 3 objects, "));
  EXPECT_THAT(found->text, HasSubstr("tokens 1,234\nlabels empirical\n"));
  EXPECT_THAT(found->text, HasSubstr("/gram/layers.10.q          F64    [3]     lower    1,234         -  "
                                     "weight_layout in_out\n"));
  EXPECT_THAT(found->text, HasSubstr("/fisher/layers.9.k.weight  F32    [3, 2]  -            -        50\n"));
  EXPECT_LT(found->text.find("/gram/layers.9.k "), found->text.find("/gram/layers.10.q "));
}

TEST_F(InspectStatisticsTest, BadValuesAreFoundWhenContentIsRead) {
  {
    Hdf5Builder file(path());
    file.number("/", "format_version", 1).text("/", "model_digest", std::string(32, '0'));
    file.doubles("/gram/m", {2, 2}, {1, 0.5, 0.25, 1});
  }
  EXPECT_TRUE(inspect_here(Depth::headers));
  try {
    static_cast<void>(inspect_here());
    FAIL() << "took an asymmetric matrix";
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code(), ExitCode::input);
    EXPECT_THAT(failure.what(),
                HasSubstr("object '/gram/m': is not symmetric: [1, 0] is 0.25, [0, 1] is 0.5"));
  }
}

TEST_F(InspectStatisticsTest, SampleFiles) {
  {
    Hdf5Builder file(path());
    file.number("/", "format_version", 1).text("/", "labels", "exact");
    file.doubles("/inputs/m", {2, 3, 4}, counting(24), H5T_IEEE_F32LE);
    file.integers("/attention_mask", {2, 3}, {1, 1, 0, 1, 0, 0});
    file.doubles("/gradients/m.weight", {2, 5, 2, 4}, counting(80));
    file.doubles("/probabilities", {2, 5}, std::vector<double>(10, 0.2));
  }
  const auto found = inspect_here();
  ASSERT_TRUE(found);
  const json document = json::parse(found->json);
  EXPECT_EQ(document["format"], "samples");
  EXPECT_EQ(document["examples"], 2);
  EXPECT_EQ(document["labels"], "exact");
  EXPECT_TRUE(document["model_digest"].is_null());
  EXPECT_EQ(document["objects"]["/inputs/m"], json({{"dtype", "F32"},
                                                    {"shape", {2, 3, 4}},
                                                    {"mask", "/attention_mask"},
                                                    {"weight_layout", "out_in"},
                                                    {"tokens", 3}}));
  EXPECT_EQ(document["objects"]["/gradients/m.weight"],
            json({{"dtype", "F64"}, {"shape", {2, 5, 2, 4}}, {"classes", 5}, {"examples", 2}}));
  EXPECT_THAT(found->text, HasSubstr("mask /attention_mask"));
  const json headers = json::parse(inspect_here(Depth::headers)->json);
  EXPECT_TRUE(headers["objects"]["/inputs/m"]["tokens"].is_null());
}

TEST_F(InspectStatisticsTest, GeometryFiles) {
  {
    Hdf5Builder file(path());
    file.number("/", "format_version", 1);
    file.doubles("/model/all/norm", {2}, {1, 2}).doubles("/tensor/a%2Fb/norm", {2}, {1, 2});
  }
  const auto found = inspect_here();
  ASSERT_TRUE(found);
  const json document = json::parse(found->json);
  EXPECT_EQ(document["format"], "geometry");
  EXPECT_EQ(document["objects"].size(), 2U);
  EXPECT_EQ(document["objects"]["/tensor/a%2Fb/norm"], json({{"dtype", "F64"}, {"shape", {2}}}));
}

TEST_F(InspectStatisticsTest, CheckpointsAreNotOfThisKind) {
  test::CheckpointBuilder model = varied_model();
  model.remove("model.packed").remove("model.nothing").write_hdf5(path());
  EXPECT_FALSE(inspect_here());
  model.write(folder_ / "folder.h5", test::CheckpointBuilder::one_shard);
  comm::Communicator world = comm::make_serial();
  for (const std::string name : {"folder.h5", "nowhere.h5", "folder.h5/model.safetensors"}) {
    EXPECT_FALSE(inspect_statistics(world, folder_ / name, Depth::content, Listing::all)) << name;
  }
}

TEST_F(InspectStatisticsTest, EveryRankAgrees) {
  write_statistics({1, 0.5, 2});
  const auto texts = on_ranks(3, [&](comm::Communicator& world) {
    const auto found = inspect_statistics(world, path(), Depth::content, Listing::all);
    return found ? found->text : "nothing";
  });
  EXPECT_THAT(texts.front(), HasSubstr("statistics"));
  EXPECT_EQ(texts[1] + texts[2], "");
  {
    Hdf5Builder file(path());
    file.group("/gram");
  }
  comm::run_threads(3, [&](comm::Communicator& world) {
    try {
      static_cast<void>(inspect_statistics(world, path(), Depth::content, Listing::all));
      ADD_FAILURE() << "rank " << world.rank() << " took it";
    } catch (const comm::CollectiveError& failure) {
      EXPECT_EQ(failure.code(), ExitCode::input);
      EXPECT_THAT(failure.what(), HasSubstr("attribute 'format_version' is missing"));
    }
  });
}

}  // namespace
}  // namespace stockpot::report
