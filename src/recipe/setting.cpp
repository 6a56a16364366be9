#include "stockpot/recipe/setting.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace stockpot::recipe {
namespace {

bool matches(const Setting::Condition& condition, std::string_view tensor_name) {
  if (!condition.filter || *condition.filter == "*") return true;
  return tensor_name.find(*condition.filter) != std::string_view::npos;
}

}  // namespace

double evaluate_gradient(const Gradient& gradient, double t) {
  const std::size_t last = gradient.size() - 1;
  const double position = std::clamp(t, 0.0, 1.0) * static_cast<double>(last);
  const auto i = static_cast<std::size_t>(std::floor(position));
  const std::size_t j = std::min(i + 1, last);
  const double fraction = position - static_cast<double>(i);
  return (1.0 - fraction) * gradient[i] + fraction * gradient[j];
}

Setting Setting::number(double value) {
  return gradient({value});
}

Setting Setting::gradient(Gradient values) {
  return conditions({Condition{std::nullopt, std::move(values)}});
}

Setting Setting::conditions(std::vector<Condition> conditions) {
  Setting setting;
  setting.conditions_ = std::move(conditions);
  return setting;
}

Setting Setting::word(std::string text) {
  Setting setting;
  setting.word_ = std::move(text);
  return setting;
}

Setting Setting::preceded_by(const std::vector<Condition>& first) const {
  Setting setting = *this;
  setting.conditions_.insert(setting.conditions_.begin(), first.begin(), first.end());
  return setting;
}

std::optional<double> Setting::evaluate(std::string_view tensor_name, double t) const {
  const auto first = std::find_if(conditions_.begin(), conditions_.end(),
                                  [&](const Condition& c) { return matches(c, tensor_name); });
  if (first == conditions_.end()) return std::nullopt;
  return evaluate_gradient(first->value, t);
}

std::vector<double> Setting::numbers() const {
  std::vector<double> all;
  for (const Condition& condition : conditions_) {
    all.insert(all.end(), condition.value.begin(), condition.value.end());
  }
  return all;
}

}  // namespace stockpot::recipe
