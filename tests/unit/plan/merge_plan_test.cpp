#include <chrono>
#include <nlohmann/json.hpp>

#include "plan_fixture.hpp"
#include "stockpot/plan/plan_report.hpp"
#include "stockpot/plan/unit_traffic.hpp"

namespace stockpot::plan {
namespace {

using testing::HasSubstr;

const std::string three_models = "merge_method: uniform_soup\nmodels: [{model: a}, {model: b}, {model: c}]\n";

Planning small_planning() {
  return planning(three_models,
                  {Headers("a").decoder(6), Headers("b").decoder(6, DType::f32), Headers("c").decoder(6)});
}

Traffic totals(const std::vector<RankForecast>& ranks) {
  Traffic sum;
  for (const RankForecast& rank : ranks) {
    sum.read_bytes += rank.traffic.read_bytes;
    sum.exchanged_bytes += rank.traffic.exchanged_bytes;
    sum.written_bytes += rank.traffic.written_bytes;
  }
  return sum;
}

TEST(MergePlan, ReadsEveryInputAndWritesEveryOutputOnceOnAnyGrid) {
  const Planning p = small_planning();
  std::uint64_t stored = 0;
  for (const Model& model : p.models) stored += model.checkpoint.total_bytes();
  for (const std::uint64_t rows : {1U, 2U, 3U, 7U, 100U, 10000U}) {
    for (const std::uint64_t columns : {1U, 2U, 3U}) {
      for (const Exchange exchange : {Exchange::tiles, Exchange::sums}) {
        PlanOptions options;
        options.grid = {rows, columns};
        options.exchange = exchange;
        const MergePlan made = p.make(options);
        const auto ranks = forecast(made, p.models);
        ASSERT_EQ(ranks.size(), rows * columns);
        const Traffic sum = totals(ranks);
        EXPECT_EQ(sum.read_bytes, stored);
        EXPECT_EQ(sum.written_bytes, made.layout.tensor_bytes);
        EXPECT_EQ(sum.exchanged_bytes > 0, columns > 1);
      }
    }
  }
}

TEST(MergePlan, TheCheaperExchangeIsChosen) {
  const auto chosen = [](const Planning& p) {
    PlanOptions options;
    options.grid = {1, 2};
    const Exchange own = p.make(options).exchange;
    std::map<Exchange, std::uint64_t> bytes;
    for (const Exchange exchange : {Exchange::tiles, Exchange::sums}) {
      options.exchange = exchange;
      bytes[exchange] = totals(forecast(p.make(options), p.models)).exchanged_bytes;
    }
    EXPECT_LE(bytes[own], bytes[own == Exchange::tiles ? Exchange::sums : Exchange::tiles]);
    return own;
  };
  std::string many = "merge_method: uniform_soup\nmodels:\n";
  std::vector<Headers> headers;
  for (int i = 0; i < 32; ++i) {
    many += fmt::format("  - model: m{}\n", i);
    headers.push_back(Headers(fmt::format("m{}", i)).decoder(6));
  }
  EXPECT_EQ(chosen(small_planning()), Exchange::tiles);
  EXPECT_EQ(chosen(planning(many, headers)), Exchange::sums);
}

TEST(MergePlan, MoreColumnsThanModelsAreRefused) {
  PlanOptions options;
  options.grid = {1, 4};
  EXPECT_THROW(small_planning().make(options), Error);
}

TEST(MergePlan, TheSmallestMemoryThatItNamesWorks) {
  const Planning p = small_planning();
  for (const std::uint64_t columns : {1U, 3U}) {
    PlanOptions options;
    options.grid = {2, columns};
    options.threads = 4;
    options.memory_bytes = 1000;
    std::uint64_t smallest = 0;
    try {
      p.make(options);
      FAIL() << "1000 bytes were accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      const std::string message = error.what();
      EXPECT_THAT(message, HasSubstr("--memory 1000 B is too small"));
      smallest = std::stoull(message.substr(message.rfind('(') + 1));
    }
    options.memory_bytes = smallest - 1;
    EXPECT_THROW(p.make(options), Error);
    for (const std::uint64_t extra :
         {0ULL, 1ULL, 100'000ULL, 1'000'000ULL, 50'000'000ULL, 10'000'000'000ULL}) {
      options.memory_bytes = smallest + extra;
      const MergePlan made = p.make(options);
      EXPECT_LE(made.base_resident_bytes + made.buffers.bytes(), *options.memory_bytes);
      EXPECT_GE(made.buffers.lanes, 1U);
      for (const TensorTask& task : made.tasks) {
        const std::uint64_t elements = tile_elements(task, p.models, made.buffers);
        EXPECT_GE(elements, 1U);
        EXPECT_LE(elements, unit_elements(task, p.models));
        EXPECT_EQ(unit_elements(task, p.models) % elements, 0U) << "tiles of a unit are equal";
        EXPECT_LE(elements * buffer_bytes_per_element(task, p.models, made.buffers.holds_sums),
                  made.buffers.bytes_per_lane);
      }
      for (const RankForecast& rank : forecast(made, p.models))
        EXPECT_LE(rank.peak_resident_bytes, *options.memory_bytes);
    }
  }
}

TEST(MergePlan, UnitsAreWholeDigestBlocksOfEveryDtype) {
  const Planning p =
      planning("merge_method: uniform_soup\nmodels: [{model: a}, {model: b}]\nout_dtype: float64\n",
               {Headers("a").add("x", DType::f8_e4m3, {5'000'000}).add("y", DType::f32, {5'000'000}),
                Headers("b").add("x", DType::f32, {5'000'000}).add("y", DType::bf16, {5'000'000})});
  for (const TensorTask& task : p.resolve().tasks) {
    const std::uint64_t unit = unit_elements(task, p.models);
    EXPECT_EQ(unit * output_element_bytes(task) % digest_block_bytes, 0U);
    for (const InputRef& input : all_inputs(task)) {
      EXPECT_EQ(unit * read_bytes_per_element(task, p.models, input) % digest_block_bytes, 0U);
    }
    EXPECT_EQ(unit_count(task, p.models), (task.elements + unit - 1) / unit);
  }
}

TEST(MergePlan, TheJobIsTheSameForEveryWayToRunIt) {
  const Planning p = small_planning();
  const Digest job = p.job({});
  PlanOptions options;
  options.grid = {5, 3};
  options.threads = 7;
  options.memory_bytes = std::uint64_t{1} << 30;
  options.exchange = Exchange::sums;
  EXPECT_EQ(p.job(options), job);
  options.seed = 1;
  EXPECT_NE(p.job(options), job);
  PlanOptions shards;
  shards.shard_bytes = 1000;
  EXPECT_NE(p.job(shards), job);
  Planning touched = small_planning();
  touched.models[1].checkpoint.files[0].identity.modified_ns += 1;
  EXPECT_NE(touched.job({}), job);
}

TEST(MergePlan, CopiesStayWhereTheirModelIs) {
  const Planning p = planning(three_models + "exclude: [norm]\nkeep_from: c\n",
                              {Headers("a").decoder(2), Headers("b").decoder(2), Headers("c").decoder(2)});
  PlanOptions options;
  options.grid = {1, 3};
  const MergePlan made = p.make(options);
  for (std::uint32_t t = 0; t < made.tasks.size(); ++t) {
    if (made.tasks[t].name != "model.norm.weight" || made.tasks[t].inputs.size() != 1) continue;
    for (const Traffic& traffic : unit_traffic(made, p.models, t, 0)) EXPECT_EQ(traffic.exchanged_bytes, 0U);
  }
}

TEST(PlanReport, HasTheFieldsOfTheContract) {
  const Planning p = small_planning();
  PlanOptions options;
  options.grid = {2, 3};
  const MergePlan made = p.make(options);
  const std::vector<recipe::Problem> problems{{recipe::Severity::warning, "here", "odd \xff bytes", "fix"}};
  const auto document = nlohmann::json::parse(report_json(problems, made, p.models, true));
  EXPECT_EQ(document["ranks"], 6);
  EXPECT_EQ(document["grid"], nlohmann::json({2, 3}));
  EXPECT_EQ(document["problems"][0]["severity"], "warning");
  EXPECT_EQ(document["problems"][0]["suggestion"], "fix");
  EXPECT_GE(document["imbalance"].get<double>(), 0.0);
  ASSERT_EQ(document["per_rank"].size(), 6U);
  std::uint64_t read = 0;
  std::uint64_t peak = 0;
  for (std::size_t r = 0; r < 6; ++r) {
    const auto& rank = document["per_rank"][r];
    EXPECT_EQ(rank["rank"], r);
    EXPECT_GT(rank["tensors"], 0);
    read += rank["bytes"]["read"].get<std::uint64_t>();
    peak = std::max(peak, rank["peak_resident_bytes"].get<std::uint64_t>());
  }
  EXPECT_EQ(document["totals"]["bytes"]["read"], read);
  EXPECT_EQ(document["totals"]["peak_resident_bytes"], peak);
  const auto failed = nlohmann::json::parse(report_json(problems, std::nullopt, {}, false));
  EXPECT_EQ(failed.size(), 1U);
}

TEST(PlanReport, EffectiveParametersAreListedByTensorAndModel) {
  const Planning p = planning(
      "merge_method: task_arithmetic\nbase_model: base\nparameters: {lambda: [0, 1]}\nmodels:\n"
      "  - {model: a, name: first, parameters: {weight: [{filter: mlp, value: 0.25}, {value: 1}]}}\n  - "
      "model: base\n",
      {Headers("a").decoder(3), Headers("base").decoder(3)});
  const auto document = nlohmann::json::parse(report_json({}, p.make({}), p.models, true));
  EXPECT_EQ(document["effective"]["model.layers.1.mlp.weight"],
            nlohmann::json({{"lambda", 0.5}, {"normalize", 0.0}, {"weight", {{"first", 0.25}}}}));
  EXPECT_FALSE(nlohmann::json::parse(report_json({}, p.make({}), p.models, false)).contains("effective"));
  EXPECT_THAT(report_text(p.make({}), p.models, true),
              HasSubstr("model.layers.2.attn.weight: {\"lambda\":1.0"));
}

}  // namespace
}  // namespace stockpot::plan
