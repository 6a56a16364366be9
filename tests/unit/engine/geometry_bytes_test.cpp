#include "geometry_fixture.hpp"

namespace stockpot::engine {
namespace {

struct Way {
  std::uint64_t rows;
  std::uint64_t columns;
  int threads;
  bool little_memory;
};

/// Files of geometry are equal in every byte, whoever measured.
class GeometryBytes : public GeometryFixture {
 protected:
  GeometryBytes() {
    // Longer than a unit of any of the passes, so that ranks share them; rows that end within leaves.
    const std::map<std::string, Shape> shapes{
        {"layers.0.weight", {2300, 517}},  {"layers.0.wide.weight", {4, 200'003}},
        {"layers.1.bias", {600'001}},      {"layers.1.small.weight", {33, 5, 3}},
        {"layers.2.empty.weight", {0, 5}}, {"norm", {}}};
    std::mt19937_64 generator(5);
    for (const char* model_name : {"m0", "m1", "m2", "m3"}) {
      CheckpointBuilder model;
      for (const auto& [tensor, shape] : shapes) {
        const bool is_wide = tensor == "layers.0.wide.weight" || (tensor == "norm" && model_name[1] == '0');
        const DType dtype = is_wide ? DType::f64 : DType::f32;
        model.add_raw(tensor, dtype, shape, random_floats(dtype, element_count(shape).value(), generator));
      }
      write(model_name, model);
    }
  }
  std::string measured() {
    measure();
    return read_file(file);
  }
  /// The file that a merge leaves.
  std::string merged(const Way& way) {
    std::filesystem::remove_all(out);
    std::filesystem::remove(file);
    set(way);
    merge();
    return read_file(file);
  }
  void set(const Way& way) {
    set_grid(way.rows, way.columns);
    options.plan.threads = way.threads;
    options.plan.memory_bytes.reset();
    if (way.little_memory) options.plan.memory_bytes = smallest_memory() + (std::uint64_t{4} << 20);
  }
  const std::vector<Way> ways{{1, 1, 2, true},  {2, 1, 1, false}, {3, 1, 3, false}, {4, 1, 1, true},
                              {2, 2, 2, false}, {1, 3, 1, true},  {1, 2, 3, false}};
};

constexpr const char* list_of_models =
    "models: [{model: '@/m1', parameters: {weight: 1}}, {model: '@/m2', parameters: {weight: 0.5}}, "
    "{model: '@/m3', parameters: {weight: 0.25}}]\nbase_model: '@/m0'\n";

TEST_F(GeometryBytes, AreTheSameOnEveryGrid) {
  write_recipe(std::string("merge_method: task_arithmetic\n") + list_of_models);
  const std::string expected = measured();
  for (const Way& way : ways) {
    SCOPED_TRACE(testing::Message() << way.rows << "x" << way.columns << ", " << way.threads << " threads");
    set(way);
    EXPECT_TRUE(measured() == expected);
  }
}

class GeometryOfMerge : public GeometryBytes, public testing::WithParamInterface<std::string> {};

TEST_P(GeometryOfMerge, IsThatOfItsModels) {
  write_recipe(GetParam());
  const std::string expected = measured();
  options.statistics.clear();
  merge();
  const OutputTensors plain = read_tensors(out);
  options.statistics = file;
  for (const Way& way : {Way{1, 1, 1, false}, Way{3, 1, 2, false}, Way{2, 2, 1, true}, Way{1, 3, 3, false}}) {
    SCOPED_TRACE(testing::Message() << way.rows << "x" << way.columns << ", " << way.threads << " threads");
    EXPECT_TRUE(merged(way) == expected);
    expect_same_tensors(read_tensors(out), plain);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Methods, GeometryOfMerge,
    testing::Values(
        std::string("merge_method: linear\n") + list_of_models,  // no use for the base model; sums on grids
        std::string("merge_method: task_arithmetic\n") + list_of_models,
        std::string("merge_method: ties\nscope: model\nparameters: {density: 0.4}\n") + list_of_models,
        "merge_method: model_stock\nparameters: {filter_wise: true}\n"  // works on rows
        "models: [{model: '@/m1'}, {model: '@/m2'}, {model: '@/m3'}]\nbase_model: '@/m0'\n"),
    [](const testing::TestParamInfo<std::string>& test_info) {
      const std::string name = test_info.param.substr(test_info.param.find(": ") + 2);
      return name.substr(0, name.find('\n'));
    });

TEST_F(GeometryBytes, OfABaseModelAmongWhatIsMerged) {
  write_recipe(
      "merge_method: uniform_soup\nmodels: [{model: '@/m1'}, {model: '@/m0'}, {model: '@/m2'}]\n"
      "base_model: '@/m0'\n");
  const std::string expected = measured();
  EXPECT_TRUE(merged({2, 1, 2, false}) == expected);
  EXPECT_TRUE(merged({1, 3, 1, false}) == expected);
}

TEST_F(GeometryBytes, OfAMergeThatCopiesOrContinuesAreRefused) {
  write_recipe("merge_method: passthrough\nmodels: [{model: '@/m1'}]\n");
  expect_refused(ExitCode::usage, {"is copied, not merged", "stats geometry"});
  write_recipe(std::string("merge_method: linear\n") + list_of_models);
  options.existing = io::ExistingOutput::resume;
  expect_refused(ExitCode::usage, {"--resume", "--statistics", "stats geometry"});
  options.existing = io::ExistingOutput::refuse;
  write_recipe(std::string("merge_method: linear\nvocabulary: pad\n") + list_of_models);
  expect_refused(ExitCode::usage, {"vocabulary", "stats geometry"});
  expect_nothing_finished();
  expect_no_file();
}

TEST_F(GeometryBytes, OfAMergeThatFailedDoNotStand) {
  write_recipe(std::string("merge_method: task_arithmetic\n") + list_of_models);
  options.statistics.clear();
  merge();
  const OutputTensors plain = read_tensors(out);
  std::filesystem::remove_all(out);
  options.statistics = file;
  set_fault_plan("write:eio:nth=4");
  EXPECT_EQ(merge_failure().code, ExitCode::system_io);
  set_fault_plan("");
  expect_no_file();
  options.statistics.clear();
  options.existing = io::ExistingOutput::resume;
  merge();
  expect_same_tensors(read_tensors(out), plain);
  expect_no_file();
}

}  // namespace
}  // namespace stockpot::engine
