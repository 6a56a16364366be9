#include <algorithm>
#include <array>
#include <random>

#include "merge_fixture.hpp"
#include "stockpot/kernel/linear_form.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {
namespace {

constexpr std::size_t models = 3;  // beside the base

/// A recipe's head, and whether plan can tell exactly what the surveys read (ties need another look).
struct SurveyCase {
  std::string name;
  std::string head;
  bool exact_forecast = true;
  std::size_t takes = models;  ///< beside the base

  friend void PrintTo(const SurveyCase& one, std::ostream* out) { *out << one.name; }
};

const std::vector<SurveyCase> survey_cases{
    {"model_stock", "merge_method: model_stock\n"},
    {"model_stock_by_layer", "merge_method: model_stock\nscope: layer\n"},
    {"model_stock_of_the_model", "merge_method: model_stock\nscope: model\n"},
    {"model_stock_by_rows", "merge_method: model_stock\nparameters: {filter_wise: true}\n"},
    {"ties", "merge_method: ties\nparameters: {density: 0.3, weight: 0.7}\n", false},
    {"ties_by_layer", "merge_method: ties\nscope: layer\nparameters: {density: 0.3, weight: 0.7}\n", false},
    {"ties_of_the_model", "merge_method: ties\nscope: model\nparameters: {density: 0.3, weight: 0.7}\n",
     false},
    {"ties_of_the_paper", "merge_method: ties\nsemantics: paper\n", false},
    {"breadcrumbs",
     "merge_method: breadcrumbs_ties\nparameters: {density: 0.4, gamma: 0.1, weight: 1, rescale: true}\n",
     false},
    {"dare_rescaled", "merge_method: dare_ties\nparameters: {density: 0.4, weight: 0.7}\n"},
    {"dare_of_the_paper",
     "merge_method: dare_linear\nsemantics: paper\nparameters: {density: 0.4, weight: 0.7}\n"},
    {"della_of_the_model",
     "merge_method: della\nscope: model\nparameters: {density: 0.4, epsilon: 0.1, weight: 0.7}\n"},
    {"sce_of_the_model", "merge_method: sce\nscope: model\nparameters: {select_topk: 0.4}\n", false},
    {"ramplus_of_the_model", "merge_method: ramplus_tl\nscope: model\nparameters: {epsilon: 0.25}\n"},
    {"nuslerp_of_columns",
     "merge_method: nuslerp\nparameters: {weight: 1, nuslerp_flatten: false, nuslerp_row_wise: true}\n", true,
     2},
    {"sparsified_by_dare",
     "merge_method: task_arithmetic\nparameters: {weight: 0.5}\nsparsify: {method: dare, drop: 0.6}\n"},
    {"sparsified_by_dare_before_layers",
     "merge_method: model_stock\nscope: layer\nsparsify: {method: dare, drop: 0.6, scope: model}\n"},
    {"sparsified_by_ties_of_the_model",
     "merge_method: linear\nparameters: {weight: 0.5}\nsparsify: {method: ties, density: 0.3, scope: "
     "model}\n",
     false},
    {"sparsified_by_ties_of_the_paper",
     "merge_method: dare_ties\nsemantics: paper\nparameters: {density: 0.4, weight: 0.7}\n"
     "sparsify: {method: ties, density: 0.3}\n",
     false},
    {"sparsified_by_ties_before_rows",
     "merge_method: model_stock\nparameters: {filter_wise: true}\nsparsify: {method: ties, density: 0.3}\n",
     false},
    {"sparsified_by_dare_before_rows",
     "merge_method: model_stock\nparameters: {filter_wise: true}\nsparsify: {method: dare, drop: 0.6}\n"},
    {"sparsified_by_dare_before_della",
     "merge_method: della\nscope: model\nparameters: {density: 0.4, epsilon: 0.1, weight: 0.7}\n"
     "sparsify: {method: dare, drop: 0.5}\n"},
    {"sparsified_by_ties_before_ties",
     "merge_method: ties\nscope: model\nparameters: {density: 0.3, weight: 0.7}\n"
     "sparsify: {method: ties, density: 0.5, scope: tensor}\n",
     false},
    {"arcee_fusion_of_the_model", "merge_method: arcee_fusion\nscope: model\n", false, 1},
};

/// Few different magnitudes, so that thresholds meet many ties.
std::vector<double> coarse_values(std::uint64_t elements, std::mt19937_64& generator) {
  std::vector<double> values(elements);
  for (double& value : values) value = (static_cast<double>(generator() % 4001) - 2000.0) / 1024.0;
  return values;
}

class Surveys : public MergeFixture {
 protected:
  ~Surveys() override { kernel::restrict_instruction_set(""); }

  /// A base model and its fine-tunes; `cut` adds a tensor of several units.
  void write_models(bool cut) {
    std::mt19937_64 generator(5);
    std::vector<std::pair<std::string, Shape>> shapes{
        {"model.embed.weight", {70, 33}},        {"model.layers.0.mlp.weight", {41, 301}},
        {"model.layers.0.norm.weight", {99}},    {"model.layers.1.mlp.weight", {128, 64}},
        {"model.layers.1.empty.weight", {4, 0}}, {"model.one", {}}};
    if (cut) shapes.emplace_back("model.layers.1.huge.weight", Shape{30, 150'001});
    for (std::size_t m = 0; m <= models; ++m) {
      CheckpointBuilder model;
      for (const auto& [name, shape] : shapes) {
        const DType dtype = name.find("embed") != std::string::npos ? DType::f32 : DType::bf16;
        model.add(name, dtype, shape, coarse_values(element_count(shape).value(), generator));
      }
      checkpoints_.push_back(model);
      write("m" + std::to_string(m), model);
    }
  }
  void write_survey_recipe(const std::string& head, std::size_t takes = models) {
    std::string text = head + "base_model: @/m0\nout_dtype: float32\nmodels:\n";
    for (std::size_t m = 1; m <= takes; ++m) text += fmt::format("  - model: @/m{}\n", m);
    write_recipe(text);
  }

  void expect_same_bytes(const SurveyCase& one, const std::vector<plan::GridShape>& grids) {
    write_survey_recipe(one.head, one.takes);
    kernel::restrict_instruction_set("scalar");
    options.plan.threads = 1;
    merge();
    const auto reference = read_folder(out);
    expect_forecast_holds(one.exact_forecast);
    const auto sets = kernel::available_instruction_sets();
    std::uint64_t turn = 0;
    for (const plan::GridShape& grid : grids) {
      if (grid.columns > one.takes + 1) continue;
      set_grid(grid.rows, grid.columns);
      options.plan.threads = static_cast<int>(1 + turn % 3);
      options.plan.memory_bytes.reset();
      if (turn % 2 == 1) options.plan.memory_bytes = smallest_memory();
      kernel::restrict_instruction_set(sets[turn % sets.size()].c_str());
      SCOPED_TRACE(fmt::format("{}, {} x {}, {} threads, memory {}, {}", one.name, grid.rows, grid.columns,
                               options.plan.threads, options.plan.memory_bytes.value_or(0),
                               sets[turn % sets.size()]));
      std::filesystem::remove_all(out);
      merge();
      expect_forecast_holds(one.exact_forecast);
      const auto files = read_folder(out);
      EXPECT_EQ(files.size(), reference.size());
      for (const auto& [name, content] : reference)
        EXPECT_TRUE(files.contains(name) && files.at(name) == content) << name;
      ++turn;
    }
  }

  std::vector<CheckpointBuilder> checkpoints_;
};

class SurveyBytes : public Surveys, public testing::WithParamInterface<SurveyCase> {};

TEST_P(SurveyBytes, AreTheSameOnEveryGrid) {
  write_models(false);
  expect_same_bytes(GetParam(), {{1, 1}, {2, 1}, {3, 1}, {7, 1}, {1, 2}, {1, 4}, {2, 2}, {3, 3}});
}

TEST_P(SurveyBytes, AreTheSameWhereTensorsAreCut) {
  write_models(true);
  expect_same_bytes(GetParam(), {{2, 1}, {4, 1}, {2, 2}});
}

INSTANTIATE_TEST_SUITE_P(Methods, SurveyBytes, testing::ValuesIn(survey_cases),
                         [](const auto& test_info) { return test_info.param.name; });

/// What was surveyed before a failure isn't read again.
TEST_P(SurveyBytes, AreTheSameAfterAFailureAndResume) {
  write_models(true);
  write_survey_recipe(GetParam().head, GetParam().takes);
  merge();
  const auto undisturbed = read_folder(out);
  std::uint64_t once = read_tensors(out).size() * 4096 + undisturbed.at("model.safetensors").size();
  for (std::size_t m = 0; m <= GetParam().takes; ++m) {
    once += std::filesystem::file_size(folder / ("m" + std::to_string(m)) / "model.safetensors");
  }
  std::filesystem::remove_all(out);
  set_grid(2, 1);
  set_fault_plan("write:enospc:nth=14");
  EXPECT_EQ(merge_failure().code, ExitCode::system_io);
  set_fault_plan("");
  set_grid(3, 1);
  options.existing = io::ExistingOutput::resume;
  merge();
  EXPECT_TRUE(read_folder(out) == undisturbed);
  // Of one scope nothing is left to survey; of many those that were not begun.
  if (GetParam().head.find("scope: model") == std::string::npos) return;
  EXPECT_LE(run_json()["bytes"]["read"].get<std::uint64_t>(), once);
}

/// TIES over the whole model, written down plainly: exact counts, ties to the lowest position, names
/// bytewise.
TEST_F(Surveys, TiesOfTheModelKeepsExactlyTheLargest) {
  write_models(true);
  write_survey_recipe(
      "merge_method: ties\nscope: model\nparameters: {density: 0.2, weight: 0.5, lambda: 0.8}\n");
  set_grid(3, 1);
  merge();
  std::vector<std::string> names;
  for (const auto& [name, tensor] : checkpoints_.front().tensors()) names.push_back(name);
  std::sort(names.begin(), names.end());

  std::vector<double> base;
  std::array<std::vector<double>, models> kept;
  for (const std::string& name : names) {
    const std::vector<double> values = checkpoints_[0].values(name);
    base.insert(base.end(), values.begin(), values.end());
    for (std::size_t m = 0; m < models; ++m) {
      const std::vector<double> tuned = checkpoints_[m + 1].values(name);
      for (std::size_t e = 0; e < values.size(); ++e) kept[m].push_back(tuned[e] - values[e]);
    }
  }
  const auto count = static_cast<std::size_t>(0.2 * static_cast<double>(base.size()));
  for (std::vector<double>& deltas : kept) {
    std::vector<std::size_t> order(deltas.size());
    for (std::size_t e = 0; e < order.size(); ++e) order[e] = e;
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                     [&deltas](std::size_t a, std::size_t b) {
                       const double difference = std::abs(deltas[a]) - std::abs(deltas[b]);
                       return difference != 0.0 ? difference > 0.0 : a < b;
                     });
    for (std::size_t i = count; i < order.size(); ++i) deltas[order[i]] = 0.0;
  }
  std::vector<double> expected(base.size());
  for (std::size_t e = 0; e < base.size(); ++e) {
    double votes = 0.0;
    for (std::size_t m = 0; m < models; ++m) votes += 0.5 * kept[m][e];
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t m = 0; m < models; ++m) {
      const double vote = 0.5 * kept[m][e];
      if (vote == 0.0 || (vote > 0.0) != (votes >= 0.0)) continue;
      sum += vote;
      weights += 0.5;
    }
    expected[e] = weights == 0.0 ? base[e] : base[e] + 0.8 * (sum / weights);
  }
  std::size_t at = 0;
  const OutputTensors merged = read_tensors(out);
  for (const std::string& name : names) {
    const std::size_t elements = checkpoints_[0].values(name).size();
    const std::vector<double> part(expected.begin() + static_cast<std::ptrdiff_t>(at),
                                   expected.begin() + static_cast<std::ptrdiff_t>(at + elements));
    EXPECT_TRUE(merged.at(name).bytes == stockpot::test::encode(DType::f32, part)) << name;
    at += elements;
  }
  const nlohmann::json diagnostics = manifest()["diagnostics"]["model"];
  EXPECT_EQ(diagnostics["kept"], (std::vector<double>(models, static_cast<double>(count))));
}

}  // namespace
}  // namespace stockpot::engine
