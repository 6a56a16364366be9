#include "cli/choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockpot/base/error.hpp"

namespace stockpot::cli {
namespace {

TEST(Choice, IsTheIndexOfTheWord) {
  EXPECT_EQ(choice("--durability", "none", {"fsync", "none"}), 1U);
}

TEST(Choice, AnythingElseIsAUsageErrorThatSuggestsTheNearest) {
  try {
    choice("--durability", "fsnyc", {"fsync", "none"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("--durability 'fsnyc'"));
    EXPECT_THAT(error.what(), testing::HasSubstr("did you mean fsync?"));
  }
}

}  // namespace
}  // namespace stockpot::cli
