#include "report/text_table.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace stockpot::report {
namespace {

using Align = TextTable::Align;

TEST(TextTable, ColumnsLineUp) {
  TextTable table({"name", "n"}, {Align::left, Align::right});
  table.add({"a", "1000"});
  table.add({"longer name", "7"});
  EXPECT_EQ(table.text(Listing::all),
            "name            n\n"
            "a            1000\n"
            "longer name     7\n");
}

TEST(TextTable, OnlyLongTablesAreCut) {
  TextTable table({"n"}, {Align::left});
  for (int i = 0; i < 60; ++i) table.add({std::to_string(i)});
  EXPECT_EQ(table.text(Listing::shortened), table.text(Listing::all));
  table.add({"60"});
  const std::string cut = table.text(Listing::shortened);
  EXPECT_NE(cut.find("19\n... 21 more, listed with --tensors ...\n41\n"), std::string::npos) << cut;
}

TEST(TextTable, Numbers) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(18446744073709551615U), "18,446,744,073,709,551,615");
  EXPECT_EQ(percent(0.12345), "12.35 %");
  EXPECT_EQ(percent(std::numeric_limits<double>::quiet_NaN()), "-");
}

TEST(TextTable, NamesThatATerminalWouldNotShowAreQuoted) {
  EXPECT_EQ(printable("model.layers.0.weight"), "model.layers.0.weight");
  EXPECT_EQ(printable(""), "''");
  EXPECT_EQ(printable("a b"), "'a b'");
  EXPECT_EQ(printable("a\nb"), "'a\\x0ab'");
}

}  // namespace
}  // namespace stockpot::report
