#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/report/inspect.hpp"

namespace stockpot::report {

/// Columns that line up: the first row is the heading, text columns stand left, number columns right.
class TextTable {
 public:
  enum class Align { left, right };

  TextTable(std::vector<std::string> heading, std::vector<Align> columns);
  /// @pre as many cells as columns
  void add(std::vector<std::string> cells);
  /// One line a row. Shortened: of more than 60 rows the first and last 20, and how many are left out.
  [[nodiscard]] std::string text(Listing listing) const;

 private:
  [[nodiscard]] std::string line(const std::vector<std::string>& cells,
                                 const std::vector<std::size_t>& widths) const;

  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// `name` as it is if a terminal shows it so, else quoted with escapes.
std::string printable(std::string_view name);

/// "1100048384" -> "1,100,048,384".
std::string with_commas(std::uint64_t number);

/// "12.5 %"; "-" for no number (NaN).
std::string percent(double share);

}  // namespace stockpot::report
