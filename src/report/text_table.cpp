#include "report/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "stockpot/base/error.hpp"

namespace stockpot::report {

TextTable::TextTable(std::vector<std::string> heading, std::vector<Align> columns)
    : columns_(std::move(columns)), rows_{std::move(heading)} {}

void TextTable::add(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

std::string TextTable::line(const std::vector<std::string>& cells,
                            const std::vector<std::size_t>& widths) const {
  std::string text;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (c > 0) text += "  ";
    const std::size_t width = widths[c];
    text += columns_[c] == Align::left ? fmt::format("{:<{}}", cells[c], width)
                                       : fmt::format("{:>{}}", cells[c], width);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

std::string TextTable::text(Listing listing) const {
  constexpr std::size_t longest = 60;
  constexpr std::size_t kept_each_side = 20;
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  const std::size_t rows = rows_.size() - 1;
  const bool cut = listing == Listing::shortened && rows > longest;
  std::string text = line(rows_.front(), widths);
  for (std::size_t r = 1; r <= rows; ++r) {
    if (cut && r > kept_each_side && r <= rows - kept_each_side) {
      if (r == kept_each_side + 1) {
        text += fmt::format("... {} more, listed with --tensors ...\n", rows - 2 * kept_each_side);
      }
      continue;
    }
    text += line(rows_[r], widths);
  }
  return text;
}

std::string printable(std::string_view name) {
  const bool plain = !name.empty() && name.size() <= 200 && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
  });
  return plain ? std::string(name) : quote(name);
}

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.2f} %", 100.0 * share);
}

}  // namespace stockpot::report
