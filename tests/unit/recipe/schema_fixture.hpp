#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "stockpot/recipe/schema.hpp"

namespace stockpot::recipe::test {

inline ParameterSpec number(std::string name, bool per_model, std::optional<double> default_value,
                            std::optional<double> minimum = std::nullopt,
                            std::optional<double> maximum = std::nullopt) {
  ParameterSpec spec;
  spec.name = std::move(name);
  spec.per_model = per_model;
  spec.default_value = default_value;
  spec.minimum = minimum;
  spec.maximum = maximum;
  return spec;
}

inline ParameterSpec boolean(std::string name, bool default_value) {
  ParameterSpec spec = number(std::move(name), false, default_value ? 1.0 : 0.0);
  spec.kind = ParameterKind::boolean;
  return spec;
}

/// Methods with every kind of parameter, in the shape that the catalog of methods has.
inline Schema schema() {
  const std::optional<double> required;
  MethodSchema linear;
  linear.name = "linear";
  linear.parameters = {boolean("normalize", true), number("weight", true, required)};

  MethodSchema uniform_soup;
  uniform_soup.name = "uniform_soup";
  uniform_soup.strategy = Strategy::uniform;

  MethodSchema greedy_soup;
  greedy_soup.name = "greedy_soup";
  greedy_soup.strategy = Strategy::greedy;
  greedy_soup.needs_search = true;

  MethodSchema learned_soup;
  learned_soup.name = "learned_soup";
  learned_soup.strategy = Strategy::learned;
  learned_soup.needs_search = true;

  MethodSchema weighted;
  weighted.name = "weighted";
  weighted.takes_examples = true;

  MethodSchema task_arithmetic;
  task_arithmetic.name = "task_arithmetic";
  task_arithmetic.parameters = {boolean("normalize", false), number("lambda", false, 1.0),
                                number("weight", true, required)};
  task_arithmetic.needs_base_model = true;
  task_arithmetic.minimum_models = 2;

  MethodSchema passthrough;
  passthrough.name = "passthrough";
  passthrough.parameters = {number("scale", true, required)};
  passthrough.parameters.front().optional = true;
  passthrough.maximum_models = 1;

  MethodSchema slerp;
  slerp.name = "slerp";
  slerp.parameters = {number("t", false, required, 0.0, 1.0)};
  slerp.needs_base_model = true;
  slerp.minimum_models = 2;
  slerp.maximum_models = 2;

  MethodSchema ties;
  ties.name = "ties";
  ties.parameters = {boolean("normalize", true), number("lambda", false, 1.0),
                     number("weight", true, required), number("density", true, 1.0, 0.0, 1.0)};
  ParameterSpec sign;
  sign.name = "sign";
  sign.kind = ParameterKind::choice;
  sign.choices = {"total", "count"};
  ties.parameters.push_back(sign);
  ties.needs_base_model = true;

  MethodSchema nuslerp;
  nuslerp.name = "nuslerp";
  nuslerp.parameters = {number("weight", true, required)};
  nuslerp.takes_base_model = true;
  nuslerp.minimum_models = 2;
  nuslerp.maximum_models = 3;

  MethodSchema fisher;
  fisher.name = "fisher";
  fisher.takes_statistics = true;

  return {linear,      uniform_soup, greedy_soup, learned_soup, weighted, task_arithmetic,
          passthrough, slerp,        ties,        nuslerp,      fisher};
}

}  // namespace stockpot::recipe::test
