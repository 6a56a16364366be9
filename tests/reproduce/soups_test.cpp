// What only the study of soups has: corruptions, recipes, ensembles of features, pictures.
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "augmentation.hpp"
#include "corruptions.hpp"
#include "model_files.hpp"
#include "soups/feature_ensemble.hpp"
#include "soups/patterns.hpp"
#include "soups/recipes.hpp"
#include "soups/training.hpp"
#include "stockpot/probe/mlp.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::reproduce {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

/// One white pixel in the middle of a black image.
Image dot() {
  Image image{};
  image[3 * image_side + 4] = 1;
  return image;
}

TEST(Corruptions, AreKeyedAndStayInTheGreyScale) {
  const RandomStream stream(1, "test");
  for (const Corruption corruption : all_corruptions) {
    bool differs = false;
    for (std::uint64_t place = 0; place < 10; ++place) {
      const Image& image = digits()[place].image;
      const Image changed = corrupt(corruption, image, stream, place * image_pixels);
      EXPECT_EQ(changed, corrupt(corruption, image, stream, place * image_pixels)) << name(corruption);
      EXPECT_NE(changed, image) << name(corruption);
      EXPECT_THAT(changed, Each(AllOf(Ge(0.0), Le(1.0)))) << name(corruption);
      differs = differs || changed != corrupt(corruption, image, stream, (place + 50) * image_pixels);
    }
    EXPECT_EQ(differs, corruption != Corruption::blur) << name(corruption);
  }
}

TEST(Corruptions, DoWhatTheirNamesSay) {
  const RandomStream stream(2, "test");
  std::vector<std::size_t> seen;
  for (std::uint64_t place = 0; place < 200; ++place) {
    const Image shifted = corrupt(Corruption::shift, dot(), stream, place);
    const auto where =
        static_cast<std::size_t>(std::find(shifted.begin(), shifted.end(), 1.0) - shifted.begin());
    EXPECT_EQ(std::accumulate(shifted.begin(), shifted.end(), 0.0), 1.0);
    if (std::find(seen.begin(), seen.end(), where) == seen.end()) seen.push_back(where);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (std::vector<std::size_t>{19, 20, 21, 27, 29, 35, 36, 37}));

  const Image blurred = corrupt(Corruption::blur, dot(), stream, 0);
  EXPECT_EQ(std::count(blurred.begin(), blurred.end(), 1.0 / 9), 9);
  EXPECT_EQ(blurred[2 * image_side + 3], 1.0 / 9);

  Image white{};
  white.fill(1);
  const Image dropped = corrupt(Corruption::drop, white, stream, 0);
  const auto kept = std::count(dropped.begin(), dropped.end(), 1.0);
  EXPECT_EQ(kept + std::count(dropped.begin(), dropped.end(), 0.0), 64);
  EXPECT_GT(kept, 30);
  EXPECT_LT(kept, 60);

  // About the centre nothing of a disc moves but its rough edge.
  Image disc{};
  for (const std::size_t p : {27U, 28U, 35U, 36U}) disc[p] = 1;
  const Image turned = corrupt(Corruption::rotation, disc, stream, 0);
  for (const std::size_t p : {27U, 28U, 35U, 36U}) EXPECT_GT(turned[p], 0.7);
}

TEST(Augmentation, LeavesSomeImagesAsTheyAre) {
  const auto augment =
      changed_somehow({[](const Image&, const RandomStream&, std::uint64_t) { return Image{}; }},
                      RandomStream(1, "choice"), RandomStream(1, "stream"));
  int unchanged = 0;
  for (std::uint64_t example = 0; example < 200; ++example) {
    Image image = dot();
    augment(3, example, image);
    if (image == dot()) ++unchanged;
  }
  EXPECT_GT(unchanged, 70);
  EXPECT_LT(unchanged, 130);
}

TEST(SoupTraining, VariedModelsHaveTheirOwnHyperparameters) {
  const auto plan = [](std::size_t number) { return pool_training(Pool::varied, Effort::full, 0, number); };
  for (std::size_t number = 0; number < 50; ++number) {
    const probe::TrainingOptions options = plan(number);
    EXPECT_THAT(options.learning_rate, AllOf(Ge(1.9e-4), Le(1.26e-2)));
    EXPECT_THAT(options.epochs, AllOf(Ge(10U), Le(40U)));
    EXPECT_THAT(options.batch_size, AllOf(Ge(16U), Le(64U)));
    EXPECT_THAT(options.weight_decay, AllOf(Ge(1e-4), Le(0.1)));
    EXPECT_THAT(options.label_smoothing, AllOf(Ge(0.0), Le(0.2)));
    EXPECT_NE(options.learning_rate, plan(number + 1).learning_rate);
    EXPECT_NE(options.seed, plan(number + 1).seed);
  }
  EXPECT_EQ(plan(3).learning_rate, plan(3).learning_rate);
}

TEST(SoupRecipes, SayWhatIsMerged) {
  EXPECT_EQ(
      scaled_average_recipe({"a", "b"}, 10),
      "merge_method: linear\nmodels:\n  - {model: \"a\", parameters: {weight: 5}}\n"
      "  - {model: \"b\", parameters: {weight: 5}}\nparameters: {normalize: false}\nout_dtype: float32\n");
  EXPECT_THAT(stock_recipe({"a", "b"}, "c"), AllOf(HasSubstr("model_stock"), HasSubstr("base_model: \"c\"")));
  EXPECT_THAT(soup_recipe("greedy_soup", {"a"}, "accept: \">=\"", "v.h5"),
              AllOf(HasSubstr("search: {accept: \">=\"}"), HasSubstr("data: \"v.h5\"")));
}

/// 64 inputs, two hidden features (the first two inputs, times `scale`), ten classes that read them by
/// `head`.
probe::Parameters tiny(double scale, const std::vector<double>& head) {
  probe::Parameters parameters{
      {.name = "layers.0.weight", .shape = {2, 64}, .values = std::vector<double>(128)},
      {.name = "layers.0.bias", .shape = {2}, .values = {0, 0}},
      {.name = "layers.1.weight", .shape = {10, 2}, .values = std::vector<double>(20)},
      {.name = "layers.1.bias", .shape = {10}, .values = std::vector<double>(10, -100)}};
  parameters[0].values[0] = scale;
  parameters[0].values[65] = scale;
  std::copy(head.begin(), head.end(), parameters[2].values.begin());
  parameters[3].values[0] = 0;
  parameters[3].values[1] = 0;
  return parameters;
}

TEST(FeatureEnsemble, AveragesFeaturesAndReadsThemWithAHead) {
  const test::TemporaryFolder folder;
  // Classes 0 and 1 compare features 0 and 1; the second model's head has them the other way round, and both
  // its features and its head are three times as large.
  write_model(folder / "a", tiny(1, {1, 0, 0, 1}));
  write_model(folder / "b", tiny(3, {0, 3, 3, 0}));
  const Paths models{folder / "a", folder / "b"};
  Examples examples;
  Image image{};
  image[0] = 1;
  examples.add(image, 0);
  image[0] = 0;
  image[1] = 1;
  examples.add(image, 1);
  EXPECT_EQ(features_subject(models, Head::first)(examples), 1.0);
  EXPECT_EQ(features_subject(models, Head::mean)(examples), 0.0);
  EXPECT_EQ(features_subject({folder / "b", folder / "a"}, Head::first)(examples), 0.0);
  for (const char* const model : {"a", "b"}) {
    EXPECT_EQ(features_subject({folder / model}, Head::first)(examples),
              model_subject(folder / model)(examples));
  }
}

TEST(Pictures, AreOnAFixedGreyScale) {
  EXPECT_EQ(grey(-1), 0);
  EXPECT_EQ(grey(-7), 0);
  EXPECT_EQ(grey(0), 128);
  EXPECT_EQ(grey(0.5), 191);
  EXPECT_EQ(grey(1), 255);
  EXPECT_EQ(grey(2), 255);
}

TEST(Pictures, ShowRowsSideBySide) {
  std::vector<double> rows(17 * image_pixels, -1.0);
  rows[0] = 1;                                     // image 0, top left
  rows[15 * image_pixels + image_pixels - 1] = 1;  // image 15, bottom right
  rows[16 * image_pixels + image_side] = 0;        // image 16, second row
  const std::string file = picture(rows);
  const std::string header = "P5\n529 67\n255\n";
  ASSERT_EQ(file.substr(0, header.size()), header);
  const std::string pixels = file.substr(header.size());
  ASSERT_EQ(pixels.size(), 529U * 67U);
  const auto at = [&](std::size_t x, std::size_t y) {
    return static_cast<unsigned char>(pixels[y * 529 + x]);
  };
  EXPECT_EQ(at(0, 0), 0);
  EXPECT_EQ(at(1, 1), 255);
  EXPECT_EQ(at(4, 4), 255);
  EXPECT_EQ(at(5, 4), 0);
  EXPECT_EQ(at(527, 32), 255);
  EXPECT_EQ(at(528, 32), 0);
  EXPECT_EQ(at(1, 38), 128);
  EXPECT_EQ(std::count(pixels.begin(), pixels.end(), '\xff'), 2 * 16);
  EXPECT_EQ(std::count(pixels.begin(), pixels.end(), '\x80'), 16);
}

}  // namespace
}  // namespace stockpot::reproduce
