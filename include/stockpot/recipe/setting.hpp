#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stockpot::recipe {

/// A number, or a gradient over depth: piecewise linear through equally spaced anchors.
using Gradient = std::vector<double>;

/// Value of a gradient at t in [0, 1]: s = t (n - 1), i = floor(s), f = s - i, (1 - f) v[i] + f v[min(i + 1,
/// n - 1)].
double evaluate_gradient(const Gradient& gradient, double t);

/// What a recipe writes for one parameter: a scalar or gradient, a list of conditions (filter -> scalar or
/// gradient), or a word.
class Setting {
 public:
  struct Condition {
    std::optional<std::string>
        filter;  ///< plain substring of the tensor's name; absent or "*" matches every name
    Gradient value;
  };

  static Setting number(double value);
  static Setting gradient(Gradient values);           ///< @pre not empty
  static Setting conditions(std::vector<Condition>);  ///< @pre not empty
  static Setting word(std::string text);              ///< for parameters of kind choice

  /// The same with conditions that are asked first. @pre no word
  [[nodiscard]] Setting preceded_by(const std::vector<Condition>& first) const;

  /// The first matching condition's value at depth t; nullopt when none matches (the next level is asked) or
  /// for a word.
  [[nodiscard]] std::optional<double> evaluate(std::string_view tensor_name, double t) const;
  [[nodiscard]] const std::optional<std::string>& text() const { return word_; }
  /// Every number that evaluation may return an interpolation of; for range checks.
  [[nodiscard]] std::vector<double> numbers() const;

 private:
  std::vector<Condition> conditions_;
  std::optional<std::string> word_;
};

}  // namespace stockpot::recipe
