#include "digits.hpp"

#include <string_view>

#include "digit_lines.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::string_view grey_levels = "0123456789ABCDEFG";
constexpr std::size_t first_pixel = 2;  ///< after the digit and a space

Digit parse(std::string_view line) {
  if (line.size() != first_pixel + image_pixels || line[0] < '0' || line[0] > '9' || line[1] != ' ') {
    throw Error(ExitCode::input, "digits: " + quote(line) + " is no digit, space and 64 pixels");
  }
  Digit digit;
  digit.label = line[0] - '0';
  for (std::size_t p = 0; p < image_pixels; ++p) {
    const std::size_t level = grey_levels.find(line[first_pixel + p]);
    if (level == std::string_view::npos) {
      throw Error(ExitCode::input, "digits: " + quote(line) + " holds something that is no pixel");
    }
    digit.image[p] = static_cast<double>(level) / static_cast<double>(grey_levels.size() - 1);
  }
  return digit;
}

std::vector<Digit> parse_all() {
  std::vector<Digit> all;
  for (const std::string_view line : digit_lines()) all.push_back(parse(line));
  return all;
}

}  // namespace

const std::vector<Digit>& digits() {
  static const std::vector<Digit> all = parse_all();
  return all;
}

}  // namespace stockpot::reproduce
