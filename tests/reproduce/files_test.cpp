#include <gmock/gmock.h>

#include "evaluation.hpp"
#include "model_files.hpp"
#include "recipe_text.hpp"
#include "stockpot/io/data_file.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/probe/mlp.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::reproduce {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Two inputs, ten logits: logit 3 is the first input, logit 8 the second, all others 100.
probe::Parameters selector() {
  probe::Parameters parameters{
      {.name = "layers.0.weight", .shape = {10, 2}, .values = std::vector<double>(20, 0)},
      {.name = "layers.0.bias", .shape = {10}, .values = std::vector<double>(10, 100)}};
  parameters[0].values[3 * 2] = 1;
  parameters[0].values[8 * 2 + 1] = 1;
  parameters[1].values[3] = 0;
  parameters[1].values[8] = 0;
  return parameters;
}

TEST(ModelFiles, ModelsAreReadBackAsTheyWereRounded) {
  const test::TemporaryFolder folder;
  probe::Parameters parameters = selector();
  parameters[1].values[0] = 0.1;
  for (int again = 0; again < 2; ++again) write_model(folder / "model", parameters);
  const probe::Parameters read = read_model(folder / "model");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].name, "layers.0.bias");
  EXPECT_EQ(read[0].values[0], static_cast<double>(0.1f));
  EXPECT_EQ(read[0].values[1], 100);
  EXPECT_EQ(read[1].shape, (Shape{10, 2}));
  EXPECT_EQ(read[1].values, parameters[0].values);
  EXPECT_THAT(io::read_text(folder / "model" / "config.json", 1000), HasSubstr("\"mlp\""));
}

TEST(ModelFiles, DataAreReadBackExactly) {
  const test::TemporaryFolder folder;
  const Examples examples =
      examples_of({.domain = Domain::noise, .classes = {0, 7}}, 1, Splits(1), Split::test);
  for (int again = 0; again < 2; ++again) write_data(folder / "data.h5", examples);
  const io::DataFile file(folder / "data.h5");
  ASSERT_EQ(file.examples(), examples.labels.size());
  ASSERT_EQ(file.input_elements(), image_pixels);
  Examples read;
  read.inputs.resize(examples.inputs.size());
  read.labels.resize(examples.labels.size());
  file.read(0, read.inputs, read.labels);
  EXPECT_EQ(read.inputs, examples.inputs);
  EXPECT_EQ(read.labels, examples.labels);
}

TEST(Evaluation, LooksAtTheTwoLogitsOfThePairAlone) {
  const Cell cell{.domain = Domain::invert, .classes = {3, 8}};
  Examples examples;
  examples.inputs = {2, 1, 1, 2, 1, 2, 5, 5};
  examples.labels = {3, 8, 3, 3};  // right, right, wrong, and a tie that goes to the first
  EXPECT_EQ(accuracy_in_pair(*probe::open_mlp(selector()), cell, examples), 0.75);
}

TEST(RecipeText, NamesModelsAfterTheirCells) {
  const SeedCase seed(1, "/a \"folder\"");
  const std::vector<MethodGrid> grids = method_grids(Effort::quick);
  const MethodGrid& ties = grids[4];
  ASSERT_EQ(ties.name, "ties");
  const std::string text = recipe_text(seed, {0, 1}, ties, ties.candidates.front());
  EXPECT_THAT(text, HasSubstr("name: \"" + seed.cells[1].name() + "\""));
  EXPECT_THAT(text, HasSubstr("\"/a \\\"folder\\\"/seed-1/pretrained\""));
  EXPECT_THAT(text, HasSubstr("parameters: {density: 0.2, lambda: 1}"));
  EXPECT_THAT(text, Not(HasSubstr("statistics")));
}

TEST(RecipeText, GivesStatisticsToThoseThatNeedThem) {
  const SeedCase seed(1, "/out");
  const MethodGrid grid{.name = "fisher", .method = "fisher", .statistic = Statistic::fisher};
  EXPECT_THAT(recipe_text(seed, {2}, grid, grid.candidates.front()),
              HasSubstr("statistics: \"/out/seed-1/" + seed.cells[2].name() + "-fisher.h5\""));
}

}  // namespace
}  // namespace stockpot::reproduce
