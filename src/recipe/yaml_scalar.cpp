#include "stockpot/recipe/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace stockpot::recipe {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <std::size_t n>
bool is_one_of(std::string_view text, const std::array<std::string_view, n>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 5> nulls{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 9> trues{"yes",  "Yes", "YES", "true", "True",
                                                "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 9> falses{"no",    "No",  "NO",  "false", "False",
                                                 "FALSE", "off", "Off", "OFF"};

std::string without_underscores(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

/// Removes a leading sign and says whether it was a minus.
bool take_sign(std::string_view& text) {
  const bool minus = !text.empty() && text.front() == '-';
  if (minus || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  return minus;
}

/// Length of the longest start of `text` made of decimal digits and underscores.
std::size_t digits_length(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789_"), text.size());
}

/// An unsigned decimal number, the whole text; overflow gives infinity, underflow zero.
std::optional<double> decimal(std::string_view text) {
  if (text.empty() || (!is_digit(text.front()) && text.front() != '.')) return std::nullopt;
  double value = 0.0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (failure == std::errc::result_out_of_range) {
    const bool tiny = text.find("e-") != std::string_view::npos ||
                      text.find("E-") != std::string_view::npos || text.front() == '0' || text.front() == '.';
    return tiny ? 0.0 : std::numeric_limits<double>::infinity();
  }
  return value;
}

/// Digits of any base up to 16, the whole text; a float beyond 64 bits.
std::optional<YamlScalar> integer(std::string_view digits, int base, bool minus) {
  std::string clean = without_underscores(digits);
  if (clean.empty() || clean.front() == '-') return std::nullopt;
  if (minus) clean.insert(0, 1, '-');
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(clean.data(), clean.data() + clean.size(), value, base);
  if (end != clean.data() + clean.size() || failure == std::errc::invalid_argument) return std::nullopt;
  if (failure == std::errc{}) return value;
  double wide = 0.0;
  for (const char c : std::string_view(clean).substr(minus ? 1 : 0)) {
    const int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
    wide = wide * base + digit;
  }
  return minus ? -wide : wide;
}

/// `:` followed by a number from 0 to 59 in one or two digits, repeated, the whole text. Folds onto `value`.
std::optional<double> fold_sexagesimal(double value, std::string_view tail) {
  while (!tail.empty()) {
    tail.remove_prefix(1);
    const std::size_t length = std::min(tail.find(':'), tail.size());
    const std::string_view part = tail.substr(0, length);
    if (part.empty() || part.size() > 2 || !std::all_of(part.begin(), part.end(), is_digit))
      return std::nullopt;
    const int number = part.size() == 1 ? part[0] - '0' : (part[0] - '0') * 10 + (part[1] - '0');
    if (number > 59) return std::nullopt;
    value = value * 60.0 + number;
    tail.remove_prefix(length);
  }
  return value;
}

std::optional<YamlScalar> resolve_sexagesimal(std::string_view text, bool minus) {
  const std::size_t head = digits_length(text);
  if (head == 0 || head == text.size() || text[head] != ':' || !is_digit(text.front())) return std::nullopt;
  const std::size_t dot = text.find('.');
  const std::string_view fraction = dot == std::string_view::npos ? std::string_view{} : text.substr(dot);
  const bool is_float = !fraction.empty();
  if (is_float && digits_length(fraction.substr(1)) != fraction.size() - 1) return std::nullopt;
  if (!is_float && text.front() == '0') return std::nullopt;
  const std::optional<double> first = decimal(without_underscores(text.substr(0, head)));
  if (!first) return std::nullopt;
  const std::optional<double> whole =
      fold_sexagesimal(*first, text.substr(head, is_float ? dot - head : std::string_view::npos));
  if (!whole) return std::nullopt;
  const double value = *whole + (is_float ? decimal(without_underscores(fraction)).value_or(0.0) : 0.0);
  if (!is_float && value < 0x1p53) return static_cast<std::int64_t>(minus ? -value : value);
  return minus ? -value : value;
}

std::optional<YamlScalar> resolve_integer(std::string_view text, bool minus) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  if (text == "0") return std::int64_t{0};
  if (text.front() != '0') {
    return digits_length(text) == text.size() ? integer(text, 10, minus) : std::nullopt;
  }
  const std::string_view tail = text.substr(1);
  if (tail.front() == 'b') return integer(tail.substr(1), 2, minus);
  if (tail.front() == 'x') return integer(tail.substr(1), 16, minus);
  return integer(text, 8, minus);
}

/// Digits with a dot; an exponent needs its sign.
std::optional<YamlScalar> resolve_float(std::string_view text, bool minus, bool has_sign) {
  const std::size_t whole = digits_length(text);
  if (whole == text.size() || text[whole] != '.') return std::nullopt;
  if (whole == 0 && has_sign) return std::nullopt;
  if (whole > 0 && !is_digit(text.front())) return std::nullopt;
  std::string_view tail = text.substr(whole + 1);
  const std::size_t fraction = digits_length(tail);
  if (whole == 0 && (fraction == 0 || !is_digit(tail.front()))) return std::nullopt;
  tail.remove_prefix(fraction);
  if (!tail.empty()) {
    if (tail.size() < 3 || (tail[0] | 0x20) != 'e' || (tail[1] != '+' && tail[1] != '-')) return std::nullopt;
    if (!std::all_of(tail.begin() + 2, tail.end(), is_digit)) return std::nullopt;
  }
  const std::optional<double> value = decimal(without_underscores(text));
  if (!value) return std::nullopt;
  return minus ? -*value : *value;
}

std::optional<double> resolve_nonfinite(std::string_view text, bool minus, bool has_sign) {
  constexpr std::array<std::string_view, 3> infinities{".inf", ".Inf", ".INF"};
  constexpr std::array<std::string_view, 3> not_numbers{".nan", ".NaN", ".NAN"};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (is_one_of(text, infinities)) return minus ? -infinity : infinity;
  if (!has_sign && is_one_of(text, not_numbers)) return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

/// Single underscores between digits only.
bool has_proper_underscores(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') continue;
    if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) return false;
  }
  return true;
}

}  // namespace

YamlScalar resolve_scalar(std::string_view text) {
  if (is_one_of(text, nulls)) return std::monostate{};
  if (is_one_of(text, trues)) return true;
  if (is_one_of(text, falses)) return false;
  std::string_view magnitude = text;
  const bool minus = take_sign(magnitude);
  const bool has_sign = magnitude.size() != text.size();
  if (const auto value = resolve_nonfinite(magnitude, minus, has_sign)) return *value;
  if (const auto value = resolve_integer(magnitude, minus)) return *value;
  if (const auto value = resolve_float(magnitude, minus, has_sign)) return *value;
  if (const auto value = resolve_sexagesimal(magnitude, minus)) return *value;
  return std::string(text);
}

std::optional<double> number_from_text(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
  const bool minus = take_sign(text);
  if (!has_proper_underscores(text)) return std::nullopt;
  const std::optional<double> value = decimal(without_underscores(text));
  if (!value) return std::nullopt;
  return minus ? -*value : *value;
}

}  // namespace stockpot::recipe
