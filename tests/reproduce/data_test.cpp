#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "cells.hpp"
#include "digits.hpp"
#include "models.hpp"
#include "splits.hpp"

namespace stockpot::reproduce {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Lt;

const RandomStream& no_noise() {
  static const RandomStream stream(0, "test");
  return stream;
}

Image shown(Domain domain, const Image& image) {
  return show(domain, image, no_noise(), 0);
}

TEST(Digits, AreThePublishedTestSet) {
  ASSERT_EQ(digits().size(), 1797u);
  std::vector<int> counts(digit_classes, 0);
  for (const Digit& digit : digits()) {
    ++counts[static_cast<std::size_t>(digit.label)];
    ASSERT_THAT(digit.image, Each(Ge(0.0)));
    ASSERT_THAT(digit.image, Each(Le(1.0)));
  }
  EXPECT_THAT(counts, ElementsAre(178, 182, 177, 183, 181, 182, 181, 179, 174, 180));
  EXPECT_EQ(digits().front().label, 0);
  EXPECT_EQ(digits().front().image[3], 13.0 / 16.0);
}

TEST(SplitsOfImages, CutTheWholeSetWithoutOverlap) {
  for (const std::uint64_t seed : {0u, 1u, 17u}) {
    const Splits splits(seed);
    std::multiset<std::size_t> seen;
    for (const Split split : all_splits) {
      EXPECT_GE(splits.images(split).size(), 300u) << name(split);
      seen.insert(splits.images(split).begin(), splits.images(split).end());
    }
    EXPECT_EQ(seen.size(), digits().size());
    EXPECT_EQ(std::set<std::size_t>(seen.begin(), seen.end()).size(), digits().size());
  }
}

TEST(SplitsOfImages, DependOnTheSeedAlone) {
  EXPECT_EQ(Splits(3).images(Split::test), Splits(3).images(Split::test));
  EXPECT_NE(Splits(3).images(Split::test), Splits(4).images(Split::test));
}

TEST(Domains, MovePixelsAsTheirNamesSay) {
  Image image{};
  image[1 * image_side + 6] = 1;  // row 1, column 6
  EXPECT_EQ(shown(Domain::mirror, image)[1 * image_side + 1], 1);
  EXPECT_EQ(shown(Domain::transpose, image)[6 * image_side + 1], 1);
  EXPECT_EQ(shown(Domain::rotate, image)[6 * image_side + 6], 1);
  EXPECT_EQ(shown(Domain::invert, image)[1 * image_side + 6], 0);
  EXPECT_EQ(shown(Domain::invert, image)[0], 1);
}

TEST(Domains, AreUndoneByDoingThemAgain) {
  const Image& image = digits()[5].image;
  for (const Domain domain : {Domain::invert, Domain::mirror, Domain::transpose}) {
    EXPECT_NE(shown(domain, image), image) << name(domain);
    EXPECT_EQ(shown(domain, shown(domain, image)), image) << name(domain);
  }
  Image turned = image;
  for (int quarter = 0; quarter < 4; ++quarter) turned = shown(Domain::rotate, turned);
  EXPECT_EQ(turned, image);
}

TEST(Domains, NoiseIsKeyedAndStaysInTheGreyScale) {
  const Image& image = digits()[5].image;
  const RandomStream noise(1, "noise domain");
  const Image noisy = show(Domain::noise, image, noise, 0);
  EXPECT_EQ(noisy, show(Domain::noise, image, noise, 0));
  EXPECT_NE(noisy, show(Domain::noise, image, noise, image_pixels));
  EXPECT_NE(noisy, show(Domain::noise, image, RandomStream(2, "noise domain"), 0));
  EXPECT_THAT(noisy, Each(Ge(0.0)));
  EXPECT_THAT(noisy, Each(Le(1.0)));
}

TEST(Cells, EveryDiagonalHasEachDomainAndEachPairOnce) {
  const std::vector<Cell> all = cells(2);
  ASSERT_EQ(all.size(), domain_count * pair_count);
  std::set<std::string> names;
  std::set<std::int64_t> classes;
  for (std::size_t diagonal = 0; diagonal < pair_count; ++diagonal) {
    std::set<Domain> domains;
    std::set<std::array<std::int64_t, 2>> pairs;
    for (std::size_t i = 0; i < domain_count; ++i) {
      const Cell& cell = all[diagonal * domain_count + i];
      domains.insert(cell.domain);
      pairs.insert(cell.classes);
      names.insert(cell.name());
      classes.insert(cell.classes.begin(), cell.classes.end());
      EXPECT_LT(cell.classes[0], cell.classes[1]);
    }
    EXPECT_EQ(domains.size(), domain_count);
    EXPECT_EQ(pairs.size(), pair_count);
  }
  EXPECT_EQ(names.size(), all.size());
  EXPECT_EQ(classes.size(), digit_classes);
  EXPECT_NE(cells(2), cells(3));
}

TEST(Cells, AreDrawnWithoutRepetition) {
  for (const std::size_t count : {std::size_t{2}, std::size_t{10}, constituent_cells}) {
    std::set<std::vector<std::size_t>> draws;
    for (std::size_t draw = 0; draw < draws_per_count; ++draw) {
      std::vector<std::size_t> drawn = drawn_cells(1, count, draw);
      EXPECT_TRUE(draws.insert(drawn).second);
      EXPECT_EQ(drawn, drawn_cells(1, count, draw));
      EXPECT_THAT(drawn, Each(Lt(constituent_cells)));
      EXPECT_EQ(std::set<std::size_t>(drawn.begin(), drawn.end()).size(), count);
    }
  }
  EXPECT_NE(drawn_cells(1, 5, 0), drawn_cells(2, 5, 0));
}

TEST(Cells, ShowTheImagesOfTheirPairThatBelongToTheSplit) {
  const Splits splits(4);
  const Cell cell{.domain = Domain::mirror, .classes = {3, 8}};
  const Examples examples = examples_of(cell, 4, splits, Split::validation);
  std::size_t place = 0;
  for (const std::size_t index : splits.images(Split::validation)) {
    const Digit& digit = digits()[index];
    if (digit.label != 3 && digit.label != 8) continue;
    ASSERT_LT(place, examples.labels.size());
    EXPECT_EQ(examples.labels[place], digit.label);
    const Image expected = shown(Domain::mirror, digit.image);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                           examples.inputs.begin() + static_cast<std::ptrdiff_t>(place * image_pixels)));
    ++place;
  }
  EXPECT_EQ(place, examples.labels.size());
  EXPECT_GT(place, 0u);
}

}  // namespace
}  // namespace stockpot::reproduce
