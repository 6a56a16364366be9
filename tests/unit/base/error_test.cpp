#include "stockpot/base/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace stockpot {
namespace {

TEST(Error, NamesFileAndTensor) {
  const Error error(ExitCode::input, "is truncated", {"model.safetensors", "lm_head.weight"});
  EXPECT_STREQ(error.what(), "model.safetensors: tensor 'lm_head.weight': is truncated");
  EXPECT_EQ(error.code(), ExitCode::input);
  EXPECT_EQ(error.subject().file, "model.safetensors");
  EXPECT_STREQ(Error(ExitCode::usage, "no recipe").what(), "no recipe");
  EXPECT_STREQ(Error(ExitCode::usage, "twice", {"", "w"}).what(), "tensor 'w': twice");
}

TEST(Quoted, IsOneShortLineOfPlainText) {
  EXPECT_EQ(quote("plain"), "'plain'");
  EXPECT_EQ(quote(""), "''");
  EXPECT_EQ(quote("a\nb\t\x7f"), "'a\\x0ab\\x09\\x7f'");
  EXPECT_EQ(quote(std::string_view("\0x", 2)), "'\\x00x'");
  EXPECT_EQ(quote("\xc3\xa4"), "'\\xc3\\xa4'");
}

TEST(Quoted, CutsLongText) {
  const std::string text(201, 'a');
  std::string whole(202, 'a');
  whole.front() = whole.back() = '\'';
  EXPECT_EQ(quote(std::string_view(text).substr(1)), whole);
  whole.back() = '.';
  EXPECT_EQ(quote(std::string_view(text)), whole + "..'");
}

}  // namespace
}  // namespace stockpot
