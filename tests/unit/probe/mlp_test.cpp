#include <gmock/gmock.h>

#include <limits>

#include "unit/probe/probe_support.hpp"

namespace stockpot::probe {
namespace {

using testing::Data;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::logits_of;
using testing::random_data;
using testing::random_parameters;
using testing::Widths;

NamedTensor tensor(const std::string& name, const Shape& shape) {
  return {name, shape, std::vector<double>(element_count(shape).value_or(0), 0.5)};
}

/// 2 inputs, 3 hidden, 2 classes.
Parameters valid() {
  return {tensor("layers.0.weight", {3, 2}), tensor("layers.0.bias", {3}), tensor("layers.1.weight", {2, 3}),
          tensor("layers.1.bias", {2})};
}

struct BadModel {
  std::string name;
  std::function<void(Parameters&)> spoil;
  std::string tensor;
  std::string reason;
};

class BadModels : public ::testing::TestWithParam<BadModel> {};

TEST_P(BadModels, AreRefusedByTensor) {
  Parameters parameters = valid();
  ASSERT_NO_THROW(open_mlp(parameters));
  GetParam().spoil(parameters);
  const auto failure = failure_of([&] { open_mlp(parameters); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::input);
  EXPECT_EQ(failure->tensor, GetParam().tensor);
  EXPECT_THAT(failure->message, HasSubstr(GetParam().reason));
}

const std::vector<BadModel> bad_models{
    {"Empty", [](Parameters& p) { p.clear(); }, "layers.0.weight", "is missing"},
    {"NoBias", [](Parameters& p) { p.pop_back(); }, "layers.1.bias", "is missing"},
    {"NoWeight", [](Parameters& p) { p.erase(p.begin()); }, "layers.0.weight", "is missing"},
    {"Gap",
     [](Parameters& p) {
       p.push_back(tensor("layers.3.weight", {2, 2}));
     },
     "layers.3.weight", "no tensor"},
    {"NotFromZero", [](Parameters& p) { p.erase(p.begin(), p.begin() + 2); }, "layers.0.weight",
     "is missing"},
    {"Foreign",
     [](Parameters& p) {
       p.push_back(tensor("head.weight", {2, 2}));
     },
     "head.weight", "no tensor"},
    {"LeadingZero", [](Parameters& p) { p.push_back(tensor("layers.01.bias", {2})); }, "layers.01.bias",
     "no tensor"},
    {"Twice", [](Parameters& p) { p.push_back(p.front()); }, "layers.0.weight", "given twice"},
    {"Chain",
     [](Parameters& p) {
       p[2] = tensor("layers.1.weight", {2, 4});
     },
     "layers.1.weight", "takes 4 inputs"},
    {"BiasLength", [](Parameters& p) { p[1] = tensor("layers.0.bias", {2}); }, "layers.0.bias", "3 rows"},
    {"BiasRank",
     [](Parameters& p) {
       p[1] = tensor("layers.0.bias", {3, 1});
     },
     "layers.0.bias", "[3, 1]"},
    {"WeightRank", [](Parameters& p) { p[0] = tensor("layers.0.weight", {6}); }, "layers.0.weight",
     "[out, in]"},
    {"NoInputs",
     [](Parameters& p) {
       p[0] = tensor("layers.0.weight", {3, 0});
     },
     "layers.0.weight", "no elements"},
    {"ValuesMissing", [](Parameters& p) { p[0].values.pop_back(); }, "layers.0.weight", "5 values"},
};
INSTANTIATE_TEST_SUITE_P(Each, BadModels, ::testing::ValuesIn(bad_models),
                         [](const auto& instance) { return instance.param.name; });

TEST(Mlp, ComputesByHand) {
  const Parameters parameters{{"layers.1.bias", {2}, {0.5, -0.5}},
                              {"layers.0.weight", {2, 2}, {1, 2, -1, 1}},
                              {"layers.1.weight", {2, 2}, {1, 0, 3, 4}},
                              {"layers.0.bias", {2}, {0, -3}}};  // any order
  const std::unique_ptr<Probe> probe = open_mlp(parameters);
  const Data data{{1, 2, -4, 1}, {1, 0}};
  // hidden: (5, -2 -> 0) and (-2 -> 0, 2)
  EXPECT_THAT(logits_of(*probe, data.batch()), ElementsAre(5.5, 14.5, 0.5, 7.5));
  Evaluation evaluation;
  probe->evaluate(data.batch(), evaluation);
  EXPECT_EQ(evaluation.metric("accuracy"), 0.5);
  EXPECT_NEAR(evaluation.loss(), (std::log1p(std::exp(-9.0)) + 7 + std::log1p(std::exp(-7.0))) / 2, 1e-15);
  LossGradient total;
  probe->add_loss_gradient(data.batch(), total);
  for (std::size_t t = 0; t < 4; ++t) EXPECT_EQ(total.gradient_sum[t].name, parameters[t].name);
}

TEST(Mlp, TellsItsShape) {
  const std::unique_ptr<Probe> probe = open_mlp(valid());
  EXPECT_EQ(probe->shape().input_elements, 2U);
  EXPECT_EQ(probe->shape().classes, 2U);
  EXPECT_THAT(probe->shape().modules, ElementsAre(Module{"layers.0", 2, 3}, Module{"layers.1", 3, 2}));
  EXPECT_EQ(probe->shape().parameters.front(), (NamedShape{"layers.0.weight", {3, 2}}));
}

TEST(Mlp, ManyLayersAreTakenInNumericalOrder) {
  EXPECT_EQ(open_mlp(random_parameters(Widths(13, 3)))->shape().modules.at(10).name, "layers.10");
}

TEST(Mlp, EmptyBatchesGiveNothing) {
  const std::unique_ptr<Probe> probe = open_mlp(valid());
  LossGradient total;
  Parameters squares;
  probe->add_loss_gradient(Batch{}, total);
  probe->evaluate(Batch{}, total.evaluation);
  probe->add_squared_gradients(Batch{}, {LabelMode::exact, 0}, squares);
  std::size_t visits = 0;
  probe->visit_layer_inputs(Batch{}, [&](const LayerRows&) { ++visits; });
  probe->visit_output_gradients(Batch{}, {LabelMode::empirical, 0}, [&](const LayerRows&) { ++visits; });
  EXPECT_EQ(visits, 0U);
  EXPECT_EQ(total.evaluation.examples, 0U);
  ASSERT_EQ(squares.size(), 4U);
  EXPECT_EQ(squares.front().values, std::vector<double>(6));
  EXPECT_TRUE(logits_of(*probe, Batch{}).empty());
}

TEST(Mlp, OneExampleOneLayerOneClass) {
  const std::unique_ptr<Probe> probe =
      open_mlp({tensor("layers.0.weight", {1, 1}), tensor("layers.0.bias", {1})});
  const Data data{{3}, {0}};
  EXPECT_THAT(logits_of(*probe, data.batch()), ElementsAre(2.0));
  LossGradient total;
  probe->add_loss_gradient(data.batch(), total);
  EXPECT_EQ(total.evaluation.loss(), 0.0);
  EXPECT_EQ(total.gradient_sum.front().values.front(), 0.0);
}

TEST(Mlp, HugeLogitsGiveFiniteGradients) {
  const Parameters parameters{{"layers.0.weight", {2, 1}, {1e200, -1e200}}, {"layers.0.bias", {2}, {0, 0}}};
  LossGradient total;
  open_mlp(parameters)->add_loss_gradient(Data{{1e100}, {0}}.batch(), total);
  EXPECT_EQ(total.evaluation.loss(), 0.0);
  EXPECT_EQ(total.gradient_sum.front().values, std::vector<double>(2));
  open_mlp(parameters)->add_loss_gradient(Data{{1e100}, {1}}.batch(), total);
  EXPECT_EQ(total.gradient_sum.front().values, (std::vector<double>{1e100, -1e100}));
}

TEST(Mlp, LabelsOutsideTheClassesAreRefused) {
  const std::unique_ptr<Probe> probe = open_mlp(valid());
  for (const std::int64_t label :
       {std::int64_t{2}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    const Data data{{1, 2, 3, 4}, {1, label}};
    Evaluation evaluation;
    LossGradient total;
    for (const std::function<void()>& action : std::vector<std::function<void()>>{
             [&] { probe->evaluate(data.batch(10), evaluation); },
             [&] { probe->add_loss_gradient(data.batch(10), total); },
             [&] { probe->visit_gradients(data.batch(10), {}, [](const ExampleGradient&) {}); },
             [&] { probe->visit_output_gradients(data.batch(10), {}, [](const LayerRows&) {}); }}) {
      const auto failure = failure_of(action);
      ASSERT_TRUE(failure);
      EXPECT_EQ(failure->code, ExitCode::input);
      EXPECT_THAT(failure->message, HasSubstr("label " + std::to_string(label) + " of example 11"));
    }
    EXPECT_EQ(evaluation.examples, 0U);
    EXPECT_NO_THROW(
        probe->visit_gradients(data.batch(), {LabelMode::exact, 0}, [](const ExampleGradient&) {}));
  }
}

TEST(Mlp, ExamplesOfAnotherSizeAndMissingLabelsAreRefused) {
  const std::unique_ptr<Probe> probe = open_mlp(valid());
  const std::vector<double> inputs(6);
  const std::vector<std::int64_t> labels(2);
  Evaluation evaluation;
  const Batch wide{.first_example = 0, .examples = 2, .inputs = inputs, .labels = labels};
  const Batch unlabelled{.first_example = 0, .examples = 3, .inputs = inputs, .labels = labels};
  for (const Batch& batch : {wide, unlabelled}) {
    const auto failure = failure_of([&] { probe->evaluate(batch, evaluation); });
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ExitCode::input);
  }
  EXPECT_EQ(logits_of(*probe, unlabelled).size(), 6U);
}

TEST(Mlp, SumsOfAnotherModelAreRefused) {
  const std::unique_ptr<Probe> probe = open_mlp(valid());
  Parameters sums = valid();
  sums[0].shape = {2, 3};
  const auto failure = failure_of([&] { probe->add_squared_gradients(Batch{}, {}, sums); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
}

TEST(Mlp, IsFoundByName) {
  EXPECT_EQ(find_probe("mlp")(valid())->shape().classes, 2U);
  const auto failure = failure_of([] { find_probe("mpl"); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_THAT(failure->message, HasSubstr("'mlp'"));
}

}  // namespace
}  // namespace stockpot::probe
