#include "stockpot/recipe/yaml_scalar.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace stockpot::recipe {
namespace {

template <typename Value>
using Cases = std::vector<std::pair<const char*, Value>>;

TEST(YamlScalar, nulls) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) {
    EXPECT_TRUE(std::holds_alternative<std::monostate>(resolve_scalar(text))) << text;
  }
}

TEST(YamlScalar, booleans) {
  for (const char* text : {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}) {
    EXPECT_EQ(resolve_scalar(text), YamlScalar(true)) << text;
  }
  for (const char* text : {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}) {
    EXPECT_EQ(resolve_scalar(text), YamlScalar(false)) << text;
  }
}

TEST(YamlScalar, integers) {
  const Cases<std::int64_t> cases{{"0", 0},
                                  {"00", 0},
                                  {"0_", 0},
                                  {"-0", 0},
                                  {"7", 7},
                                  {"+7", 7},
                                  {"-7", -7},
                                  {"1_000", 1000},
                                  {"1_", 1},
                                  {"1__0", 10},
                                  {"010", 8},
                                  {"-010", -8},
                                  {"+010", 8},
                                  {"0b101", 5},
                                  {"0b1_0", 2},
                                  {"0x10", 16},
                                  {"0x1F", 31},
                                  {"-0x1f", -31},
                                  {"0x1_0", 16},
                                  {"1:30", 90},
                                  {"1:9", 69},
                                  {"-1:30:05", -5405},
                                  {"1_0:30", 630},
                                  {"1_:30", 90},
                                  {"190:20:30", 685230},
                                  {"9223372036854775807", std::numeric_limits<std::int64_t>::max()}};
  for (const auto& [text, value] : cases) EXPECT_EQ(resolve_scalar(text), YamlScalar(value)) << text;
}

TEST(YamlScalar, integers_beyond_64_bits_become_floats) {
  EXPECT_EQ(resolve_scalar("18446744073709551616"), YamlScalar(0x1p64));
  EXPECT_EQ(resolve_scalar("-0x10000000000000000"), YamlScalar(-0x1p64));
}

TEST(YamlScalar, floats) {
  const Cases<double> cases{{"0.5", 0.5},       {".5", 0.5},       {"-0.5", -0.5},   {"+1.5", 1.5},
                            {"1.", 1.0},        {"0.", 0.0},       {"1.e+5", 1e5},   {"1.0e+5", 1e5},
                            {"1.5E-3", 1.5e-3}, {"1_0.5_0", 10.5}, {".5_0", 0.5},    {"1:3:5.5", 3785.5},
                            {"0:30.5", 30.5},   {"1:5.", 65.0},    {"1:30._", 90.0}, {"-1:30.5", -90.5},
                            {"1.0e-999", 0.0}};
  for (const auto& [text, value] : cases) EXPECT_EQ(resolve_scalar(text), YamlScalar(value)) << text;
}

TEST(YamlScalar, not_finite) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const char* text : {".inf", ".Inf", ".INF", "+.inf", "1.0e+999"}) {
    EXPECT_EQ(resolve_scalar(text), YamlScalar(infinity)) << text;
  }
  EXPECT_EQ(resolve_scalar("-.inf"), YamlScalar(-infinity));
  for (const char* text : {".nan", ".NaN", ".NAN"}) {
    const YamlScalar value = resolve_scalar(text);
    ASSERT_TRUE(std::holds_alternative<double>(value)) << text;
    EXPECT_TRUE(std::isnan(std::get<double>(value))) << text;
  }
}

TEST(YamlScalar, everything_else_is_text) {
  for (const char* text :
       {"y",       "n",     "Y",    "N",    "yEs", "tRue",  "nULL",  "1e5",     "1e-5",  "1.0e5",
        "+.5",     "-.5",   "._5",  "_1",   "08",  "0o7",   "0b",    "0x",      "0b2",   "0xG",
        "0b_",     "0x_",   "0x-5", "1:60", "1:",  "0:30",  "01:30", "1:99999", "1:30_", "1:30_0.5",
        "1:3.5.5", ".",     "._",   "+",    "-",   "--1",   "+-1",   "1.5e",    "1.5e+", "1.5e+1_0",
        ".Nan",    "-.nan", "inf",  "nan",  "1 2", "1.2.3", "0x1.5", "abc",     "=",     " 1"}) {
    EXPECT_EQ(resolve_scalar(text), YamlScalar(std::string(text)));
  }
}

TEST(NumberFromText, reads_what_pydantic_reads) {
  const Cases<double> cases{{"1", 1.0},    {"1e-5", 1e-5}, {"1E5", 1e5},   {" 0.5 ", 0.5}, {"+2", 2.0},
                            {"-.5", -0.5}, {"08", 8.0},    {"1_000", 1e3}, {"1.", 1.0},    {"\t7\n", 7.0}};
  for (const auto& [text, value] : cases) EXPECT_EQ(number_from_text(text), value) << text;
  EXPECT_EQ(number_from_text("1e999"), std::numeric_limits<double>::infinity());
}

TEST(NumberFromText, refuses_the_rest) {
  for (const char* text : {"", " ", "abc", "1x", "0x10", "1:30", "--1", "+-1", "_1", "1_", "1__0", "1_.5",
                           "nan", "inf", "e5", ".", "1 2", "1,5"}) {
    EXPECT_EQ(number_from_text(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace stockpot::recipe
