#include "stockpot/plan/cost_model.hpp"

#include "plan_fixture.hpp"
#include "stockpot/plan/grid_choice.hpp"

namespace stockpot::plan {
namespace {

using testing::HasSubstr;

constexpr double gigabyte = 1e9;

/// `count` equal models of 64 tensors of 4 MiB in bf16.
Planning equal_models(std::size_t count, const std::string& method = "uniform_soup") {
  std::string text = "merge_method: " + method + "\nmodels:\n";
  std::vector<Headers> headers;
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format("  - {{model: m{}}}\n", i);
    headers.emplace_back(fmt::format("m{}", i));
    for (int t = 0; t < 64; ++t) {
      headers.back().add(fmt::format("model.layers.{}.w", t), DType::bf16, {2048, 1024});
    }
  }
  return planning(text, headers);
}
constexpr double model_bytes = 64.0 * 4 * 1024 * 1024;

MergePlan plan_on(const Planning& p, GridShape grid, std::optional<Exchange> exchange = std::nullopt) {
  PlanOptions options;
  options.grid = grid;
  options.exchange = exchange;
  return p.make(options);
}

GridChoice choose(const Planning& p, std::uint64_t ranks, const Machine& machine) {
  PlanOptions options;
  options.grid = {ranks, 1};
  return recommend_grid(p.recipe, *p.method, p.resolve(), p.models, options, machine);
}

Machine cluster(std::uint64_t nodes, Storage storage) {
  Machine machine;
  machine.nodes = nodes;
  machine.storage = storage;
  return machine;
}

TEST(CostModel, SharedStorageCarriesEveryByteAndEachNodeItsShare) {
  const Planning p = equal_models(3);
  const Machine machine = cluster(4, Storage::shared);
  const Prediction prediction = predict(plan_on(p, {8, 1}), p.models, machine);
  EXPECT_NEAR(prediction.of(Resource::storage), 4 * model_bytes / machine.storage_bandwidth, 1e-12);
  EXPECT_NEAR(prediction.of(Resource::network), 3 * model_bytes / 4 / machine.node_bandwidth, 1e-12);
  EXPECT_NEAR(prediction.of(Resource::compute), 3 * model_bytes / 8 / machine.merge_bandwidth, 1e-12);
  EXPECT_EQ(prediction.of(Resource::disk), 0.0);
  EXPECT_EQ(prediction.bound, Resource::compute);
  EXPECT_EQ(prediction.seconds(), prediction.of(Resource::compute));
}

TEST(CostModel, LocalDisksCarryTheReadsAndTheNetworkWhatIsExchanged) {
  const Planning p = equal_models(4);
  Machine machine = cluster(4, Storage::node_local);
  const MergePlan plan = plan_on(p, {2, 4}, Exchange::tiles);
  machine.order = RankOrder::cyclic;
  const Prediction prediction = predict(plan, p.models, machine);
  EXPECT_NEAR(prediction.of(Resource::storage), model_bytes / machine.storage_bandwidth, 1e-12);
  EXPECT_NEAR(prediction.of(Resource::disk), model_bytes / machine.disk_bandwidth, 1e-12);
  // A node keeps a fourth of its model's tiles, gets as much of the three others, and writes a fourth.
  EXPECT_NEAR(prediction.of(Resource::network), model_bytes / machine.node_bandwidth, 1e-12);
  EXPECT_NEAR(prediction.of(Resource::compute), model_bytes / 2 / machine.merge_bandwidth, 1e-12);
}

TEST(CostModel, RanksOfANodeExchangeWithoutTheNetwork) {
  const Planning p = equal_models(4);
  for (const Exchange exchange : {Exchange::tiles, Exchange::sums}) {
    const MergePlan plan = plan_on(p, {2, 4}, exchange);
    Machine machine = cluster(2, Storage::node_local);
    const double writes = model_bytes / 2 / machine.node_bandwidth;
    EXPECT_NEAR(predict(plan, p.models, machine).of(Resource::network), writes, 1e-12);
    machine.order = RankOrder::cyclic;
    EXPECT_GT(predict(plan, p.models, machine).of(Resource::network), 1.5 * writes);
  }
}

TEST(CostModel, WhatIsSentIsReceivedAndMerged) {
  for (const char* const method : {"uniform_soup", "karcher"}) {
    const Planning p = equal_models(4, method);
    for (const GridShape grid : {GridShape{4, 2}, GridShape{2, 4}, GridShape{3, 3}}) {
      for (const Exchange exchange : {Exchange::tiles, Exchange::sums}) {
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        for (const RankForecast& rank : forecast(plan_on(p, grid, exchange), p.models)) {
          sent += rank.traffic.exchanged_bytes;
          received += rank.traffic.received_bytes;
          EXPECT_GT(rank.traffic.received_bytes, 0U);
        }
        EXPECT_EQ(sent, received);
      }
    }
  }
}

TEST(CostModel, StatisticsPassBetweenNodesOnly) {
  const Planning p = equal_models(4, "mlerp\nscope: model");
  const MergePlan plan = plan_on(p, {4, 1});
  const std::vector<RankForecast> ranks = forecast(plan, p.models);
  constexpr std::uint64_t node_bytes = 10 * sizeof(double);  // the triangle of a Gram matrix of four models
  std::uint64_t all = 0;
  for (const RankForecast& rank : ranks) all += rank.traffic.reduced_bytes;
  for (const RankForecast& rank : ranks) {
    EXPECT_GE(rank.traffic.reduced_bytes, node_bytes);
    EXPECT_EQ(rank.traffic.reduced_bytes % node_bytes, 0U);
    EXPECT_EQ(rank.traffic.gathered_bytes, all - rank.traffic.reduced_bytes);
  }

  std::vector<RankForecast> silent = ranks;
  for (RankForecast& rank : silent) rank.traffic.reduced_bytes = rank.traffic.gathered_bytes = 0;
  const auto network = [&](const std::vector<RankForecast>& forecasts, std::uint64_t nodes) {
    return predict(plan, forecasts, cluster(nodes, Storage::node_local)).of(Resource::network);
  };
  EXPECT_GT(network(ranks, 2), network(silent, 2));
  EXPECT_LT(network(ranks, 2), network(silent, 2) + static_cast<double>(all) / Machine().node_bandwidth);
  EXPECT_EQ(network(ranks, 1), network(silent, 1));
}

TEST(CostModel, MoreNodesThanRanksAreRefused) {
  const Planning p = equal_models(2);
  EXPECT_THROW(predict(plan_on(p, {4, 1}), p.models, cluster(5, Storage::shared)), Error);
  EXPECT_THROW(choose(p, 4, cluster(5, Storage::shared)), Error);
}

TEST(CostModel, CopiesAreCountedByNodes) {
  Machine machine = cluster(8, Storage::node_local);
  EXPECT_EQ(copies_of_models(machine, {32, 1}), 8U);
  EXPECT_EQ(copies_of_models(machine, {4, 8}), 4U);
  EXPECT_EQ(copies_of_models(machine, {1, 32}), 1U);
  machine.order = RankOrder::cyclic;
  EXPECT_EQ(copies_of_models(machine, {32, 1}), 8U);
  EXPECT_EQ(copies_of_models(machine, {4, 8}), 1U);
  EXPECT_EQ(copies_of_models(machine, {16, 2}), 4U);
  EXPECT_EQ(copies_of_models(machine, {2, 16}), 1U);
}

TEST(GridChoice, SharedStorageNeedsOneColumn) {
  for (const std::uint64_t nodes : {1U, 2U, 8U}) {
    const GridChoice choice = choose(equal_models(6), 16, cluster(nodes, Storage::shared));
    EXPECT_EQ(choice.best.grid.columns, 1U);
    EXPECT_EQ(choice.best.exchanged_bytes, 0U);
    EXPECT_EQ(choice.tried.size(), 3U) << "1, 2 and 4 columns";
    EXPECT_THAT(choice.why, HasSubstr("every rank sees every model"));
  }
}

TEST(GridChoice, OneModelOnEachNodeNeedsAsManyColumns) {
  const GridChoice choice = choose(equal_models(8), 32, cluster(8, Storage::node_local));
  EXPECT_EQ(choice.best.grid.columns, 8U);
  EXPECT_EQ(choice.best.order, RankOrder::cyclic);
  EXPECT_EQ(choice.best.copies, 1U);
  EXPECT_THAT(choice.why, HasSubstr("share a node"));
  EXPECT_THAT(describe(choice), HasSubstr("--grid 4x8"));
  EXPECT_THAT(describe(choice), HasSubstr("srun --distribution=cyclic or mpirun --map-by node"));
}

TEST(GridChoice, FewerModelsThanNodesNeedCopies) {
  const GridChoice choice = choose(equal_models(4), 16, cluster(8, Storage::node_local));
  EXPECT_EQ(choice.best.grid.columns, 4U);
  EXPECT_EQ(choice.best.copies, 2U);
  EXPECT_THAT(choice.why, HasSubstr("each lies on 2"));
}

TEST(GridChoice, OneNodeReadsItsOwnDisksInOneColumn) {
  const GridChoice choice = choose(equal_models(4), 4, cluster(1, Storage::node_local));
  EXPECT_EQ(choice.best.grid.columns, 1U);
  EXPECT_EQ(choice.best.copies, 1U);
}

TEST(GridChoice, TheSlowestResourceIsNamed) {
  const Planning p = equal_models(4);
  Machine machine = cluster(4, Storage::node_local);
  machine.disk_bandwidth = 0.1 * gigabyte;
  EXPECT_EQ(choose(p, 8, machine).best.prediction.bound, Resource::disk);
  machine.node_bandwidth = 0.01 * gigabyte;
  EXPECT_EQ(choose(p, 8, machine).best.prediction.bound, Resource::network);
  machine.storage_bandwidth = 0.001 * gigabyte;
  EXPECT_THAT(choose(p, 8, machine).why, HasSubstr("bound by shared storage"));
}

}  // namespace
}  // namespace stockpot::plan
