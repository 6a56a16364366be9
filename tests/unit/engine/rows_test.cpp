#include "merge_fixture.hpp"

namespace stockpot::engine {
namespace {

/// A method that works on rows or columns, which tensors longer than a unit cut.
struct RowsCase {
  std::string name;
  std::string recipe;
  bool exact_forecast = true;  ///< false: a selection may need one more reading than it ordinarily does
};

std::vector<RowsCase> cases() {
  const std::string pair =
      "models: [{model: '@/m1', parameters: {weight: 1}}, "
      "{model: '@/m2', parameters: {weight: 0.5}}]\n";
  const std::string thinned =
      "models: [{model: '@/m1', parameters: {weight: 1, density: 0.5}}, "
      "{model: '@/m2', parameters: {weight: 0.5, density: 0.3}}]\n";
  const std::string base = "base_model: '@/m0'\n";
  return {
      {"model_stock",
       "merge_method: model_stock\nparameters: {filter_wise: true}\nmodels: "
       "[{model: '@/m1'}, {model: '@/m2'}]\n" +
           base},
      {"nuslerp_rows", "merge_method: nuslerp\nparameters: {nuslerp_flatten: false}\n" + pair + base},
      {"nuslerp_columns",
       "merge_method: nuslerp\nparameters: {nuslerp_flatten: false, nuslerp_row_wise: true}\n" + pair},
      {"della", "merge_method: della\n" + thinned + base},
      {"della_paper", "merge_method: della_linear\nsemantics: paper\n" + thinned + base},
      {"arcee_fusion", "merge_method: arcee_fusion\nmodels: [{model: '@/m1'}]\n" + base, false},
  };
}

class Rows : public MergeFixture, public testing::WithParamInterface<RowsCase> {
 protected:
  void write_models() const {
    std::mt19937_64 generator(5);
    for (const char* name : {"m0", "m1", "m2"}) {
      CheckpointBuilder model;
      for (const auto& [tensor, shape] : shapes) {
        model.add_raw(tensor, DType::f64, shape,
                      random_floats(DType::f64, element_count(shape).value(), generator));
      }
      write(name, model);
    }
  }
  // A unit has 524,288 doubles: rows, their blocks, and one row longer than that lie across its ends.
  const std::map<std::string, Shape> shapes{{"layers.0.weight", {2300, 517}},
                                            {"layers.0.wide.weight", {4, 200'003}},
                                            {"layers.1.bias", {600'001}},
                                            {"layers.1.small.weight", {33, 5, 3}}};
};

TEST_P(Rows, AcrossUnitsGiveTheSameBytesOnEveryGrid) {
  write_models();
  write_recipe(GetParam().recipe);
  struct Way {
    std::uint64_t rows;
    std::uint64_t columns;
    bool starved;
  };
  std::map<std::string, std::string> reference;
  for (const Way& way : {Way{1, 1, false}, Way{1, 1, true}, Way{2, 1, true}, Way{3, 1, false},
                         Way{4, 1, true}, Way{1, 2, false}, Way{2, 2, true}}) {
    SCOPED_TRACE(fmt::format("{} x {}{}", way.rows, way.columns, way.starved ? ", little memory" : ""));
    set_grid(way.rows, way.columns);
    options.plan.memory_bytes.reset();
    if (way.starved) options.plan.memory_bytes = smallest_memory();
    merge();
    expect_forecast_holds(GetParam().exact_forecast);
    const auto files = read_folder(out);
    if (reference.empty()) reference = files;
    EXPECT_TRUE(files == reference);
    std::filesystem::remove_all(out);
  }
}

TEST_F(Rows, NameTheFileOfANanThatOnlyCompletesARow) {
  write_models();
  CheckpointBuilder model;
  std::vector<double> values(2300 * 517, 1.0);
  values[524'288] = std::nan("");  // the first of the second unit, in a row that begins in the first one
  model.add("layers.0.weight", DType::f64, {2300, 517}, values);
  write("m2", model);
  write_recipe(
      "merge_method: model_stock\nparameters: {filter_wise: true}\ninclude: ['^layers.0.weight$']\n"
      "keep_from: '@/m1'\nmodels: [{model: '@/m1'}, {model: '@/m2'}]\nbase_model: '@/m0'\n");
  options.plan.memory_bytes = smallest_memory();  // one unit after the other
  expect_refused(ExitCode::input, {"m2", "'layers.0.weight'", "1 NaN or infinite elements among"});
}

INSTANTIATE_TEST_SUITE_P(Methods, Rows, testing::ValuesIn(cases()),
                         [](const auto& test_info) { return test_info.param.name; });

}  // namespace
}  // namespace stockpot::engine
