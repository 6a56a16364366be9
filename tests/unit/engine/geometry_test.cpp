#include "geometry_fixture.hpp"

namespace stockpot::engine {
namespace {

constexpr const char* three_models_and_base =
    "merge_method: task_arithmetic\nbase_model: '@/base'\nmodels:\n"
    "  - {model: '@/base'}\n"
    "  - {model: '@/a', parameters: {weight: 1}}\n"
    "  - {model: '@/b', name: second, parameters: {weight: 1}}\n"
    "  - {model: '@/c', parameters: {weight: 1}}\n";

std::vector<double> perturbed(const std::vector<double>& values, double share, std::mt19937_64& generator) {
  std::normal_distribution<double> normal;
  std::vector<double> result;
  for (const double value : values) result.push_back(value * (1.0 + share * normal(generator)));
  return result;
}

class Geometry : public GeometryFixture {
 protected:
  /// The base model and three others around it, whose tensors differ by about `share`.
  void make_models(double share, const std::vector<DType>& dtypes) {
    std::mt19937_64 generator(7);
    std::normal_distribution<double> normal(0.0, 0.02);
    const std::vector<Shape> extents{{70, 130}, {5}, {}, {3, 0, 2}, {9, 1000}};
    std::size_t next = 0;
    for (const DType dtype : dtypes) {
      for (const Shape& shape : extents) {
        std::string at = std::to_string(next++);
        if (at.size() == 1) at.insert(0, "0");
        tensors.push_back("model.layers." + at.substr(0, 1) + "." + std::string(name(dtype)) + at +
                          ".weight");
        std::vector<double> values(element_count(shape).value());
        for (double& value : values) value = generator() % 8 == 0 ? 0.0 : normal(generator);
        base.add(tensors.back(), dtype, shape, values);
        for (CheckpointBuilder* model : {&a, &b, &c}) {
          model->add(tensors.back(), dtype, shape, perturbed(base.values(tensors.back()), share, generator));
        }
      }
    }
    std::sort(tensors.begin(), tensors.end());
    for (CheckpointBuilder* model : {&base, &a, &b, &c}) {
      model->add_random("model.position_ids", DType::i64, {40}, 1);
    }
  }
  void write_models() const {
    write("base", base);
    write("a", a, 4000);
    write("b", b);
    write("c", c);
  }

  CheckpointBuilder base, a, b, c;
  std::vector<std::string> tensors;  ///< of floats, sorted
};

TEST_F(Geometry, IsThatOfItsDefinition) {
  make_models(0.3, {DType::bf16, DType::f16, DType::f32, DType::f64});
  write_models();
  write_recipe(three_models_and_base);
  const GeometryNumbers found = measure();
  expect_near(found, GeometryOracle({&a, &b, &c}, &base).measure_all(tensors), 1e-12);
  EXPECT_THAT(summary.models.models,
              testing::ElementsAre(testing::EndsWith("/a"), "second", testing::EndsWith("/c")));
  EXPECT_THAT(summary.models.base_model, testing::Optional(testing::EndsWith("/base")));
  EXPECT_EQ(summary.tensors, tensors.size());
}

TEST_F(Geometry, KeepsTheDigitsOfModelsThatNearlyAgree) {
  make_models(1e-6, {DType::f32, DType::f64});
  write_models();
  write_recipe(three_models_and_base);
  GeometryNumbers expected = GeometryOracle({&a, &b, &c}, &base).measure_all(tensors);
  expect_near(measure(), expected, 1e-12);
}

TEST_F(Geometry, NeedsNoBaseModel) {
  make_models(0.1, {DType::bf16, DType::f32});
  write_models();
  write_recipe("merge_method: uniform_soup\nmodels: [{model: '@/b'}, {model: '@/a'}]\n");
  expect_near(measure(), GeometryOracle({&b, &a}, nullptr).measure_all(tensors), 1e-12);
  EXPECT_FALSE(summary.models.base_model);
}

TEST_F(Geometry, OfOneModel) {
  make_models(0.1, {DType::f64});
  write_models();
  write_recipe("merge_method: passthrough\nmodels: [{model: '@/c'}]\n");
  const GeometryNumbers alone = measure();
  expect_near(alone, GeometryOracle({&c}, nullptr).measure_all(tensors), 1e-12);
  EXPECT_THAT(alone.at("model/all").at("distance_to_center"), testing::ElementsAre(0.0));
  write_recipe(
      "merge_method: linear\nbase_model: '@/base'\nmodels: [{model: '@/c', parameters: {weight: 1}}]\n");
  expect_near(measure(), GeometryOracle({&c}, &base).measure_all(tensors), 1e-12);
}

TEST_F(Geometry, ZeroVectorsHaveNoAngle) {
  make_models(0.1, {DType::bf16});
  b = base;
  write_models();
  write_recipe(three_models_and_base);
  const GeometryNumbers found = measure();
  expect_near(found, GeometryOracle({&a, &b, &c}, &base).measure_all(tensors), 1e-12);
  const std::vector<double>& cosine = found.at("model/all").at("cosine");
  const std::vector<double>& angle = found.at("model/all").at("angle");
  for (const std::size_t i : {1u, 3u, 4u, 5u, 7u}) {
    EXPECT_TRUE(std::isnan(cosine[i])) << i;
    EXPECT_TRUE(std::isnan(angle[i])) << i;
  }
  EXPECT_EQ(cosine[0], 1.0);
  EXPECT_EQ(angle[8], 0.0);
  EXPECT_EQ(found.at("model/all").at("task_norm")[1], 0.0);
}

TEST_F(Geometry, CoversWhatTheRecipeMerges) {
  make_models(0.1, {DType::f32});
  for (CheckpointBuilder* model : {&base, &a, &b, &c})
    model->add_random("lm_head.weight", DType::f32, {7, 3}, 4);
  write_models();
  write_recipe(std::string(three_models_and_base) + "exclude: ['lm_head']\n");
  expect_near(measure(), GeometryOracle({&a, &b, &c}, &base).measure_all(tensors), 1e-12);
}

TEST_F(Geometry, OfVocabulariesIsThatOfCommonRows) {
  std::mt19937_64 generator(3);
  const std::string embedding = "model.embed_tokens.weight";
  const auto add = [&](CheckpointBuilder& model, std::uint64_t rows) {
    model.add_raw(embedding, DType::f32, {rows, 50}, random_floats(DType::f32, rows * 50, generator));
  };
  add(base, 200);
  add(a, 203);
  add(b, 200);
  add(c, 210);
  write_models();
  std::vector<CheckpointBuilder> common;
  for (const CheckpointBuilder* model : {&base, &a, &b, &c}) {
    std::vector<double> values = model->values(embedding);
    values.resize(200 * 50);
    common.emplace_back().add(embedding, DType::f32, {200, 50}, values);
  }
  const GeometryNumbers expected =
      GeometryOracle({&common[1], &common[2], &common[3]}, &common[0]).measure_all({embedding});
  for (const char* policy : {"common", "pad"}) {
    write_recipe("merge_method: uniform_soup\nvocabulary: " + std::string(policy) +
                 "\nbase_model: '@/base'\nmodels: [{model: '@/a'}, {model: '@/b'}, {model: '@/c'}]\n");
    expect_near(measure(), expected, 1e-12);
  }
}

TEST_F(Geometry, NamesTheFileThatHoldsNaN) {
  make_models(0.1, {DType::f32});
  std::vector<double> values = b.values(tensors.front());
  values[17] = std::numeric_limits<double>::quiet_NaN();
  b.add(tensors.front(), DType::f32, {70, 130}, values);
  write_models();
  write_recipe(three_models_and_base);
  for (const std::uint64_t columns : {1u, 2u}) {
    set_grid(1, columns);
    const Failure failure = measure_failure();
    EXPECT_EQ(failure.code, ExitCode::input);
    EXPECT_THAT(failure.text, testing::AllOf(testing::HasSubstr("/b/model.safetensors"),
                                             testing::HasSubstr(tensors.front())));
    expect_no_file();
  }
  options.nonfinite = NonfinitePolicy::warn;
  std::vector<std::string> warnings;
  options.warn = [&warnings](const std::string& text) { warnings.push_back(text); };
  const GeometryNumbers found = measure();
  EXPECT_TRUE(std::isnan(found.at("model/all").at("norm")[1]));
  EXPECT_TRUE(std::isfinite(found.at("model/all").at("norm")[0]));
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("NaN")));
}

TEST_F(Geometry, RefusesWhatHasNone) {
  make_models(0.1, {DType::f32});
  write_models();
  write_recipe("merge_method: uniform_soup\nbase_model: '@/a'\nmodels: [{model: '@/a'}]\n");
  Failure failure = measure_failure();
  EXPECT_EQ(failure.code, ExitCode::usage);
  EXPECT_THAT(failure.text, testing::HasSubstr("no model beside its base_model"));
  write_recipe("merge_method: passthrough\nslices:\n  - sources: [{model: '@/a', layer_range: [0, 1]}]\n");
  failure = measure_failure();
  EXPECT_EQ(failure.code, ExitCode::usage);
  EXPECT_THAT(failure.text, testing::HasSubstr("slices"));
  expect_no_file();
}

TEST_F(Geometry, RefusesAPlaceWhereNoFileCanStand) {
  make_models(0.1, {DType::f32});
  write_models();
  write_recipe(three_models_and_base);
  options.statistics = folder / "a";
  EXPECT_EQ(measure_failure().code, ExitCode::usage);
  options.statistics = folder / "missing" / "geometry.h5";
  EXPECT_EQ(measure_failure().code, ExitCode::system_io);
  EXPECT_FALSE(std::filesystem::exists(folder / "missing"));
}

}  // namespace
}  // namespace stockpot::engine
