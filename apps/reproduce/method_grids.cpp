#include "method_grids.hpp"

#include <algorithm>
#include <stdexcept>

namespace stockpot::reproduce {

std::string Candidate::setting() const {
  std::string text;
  for (const auto& [name, value] : parameters) text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

const std::string& Candidate::at(const std::string& parameter) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const auto& entry) { return entry.first == parameter; });
  if (found == parameters.end()) throw std::out_of_range("Candidate: no parameter " + parameter);
  return found->second;
}

std::vector<Candidate> combinations(
    const std::vector<std::pair<std::string, std::vector<std::string>>>& parameters) {
  std::vector<Candidate> result{Candidate{.parameters = {}}};
  for (const auto& [name, values] : parameters) {
    std::vector<Candidate> longer;
    for (const Candidate& candidate : result) {
      for (const std::string& value : values) {
        longer.push_back(candidate);
        longer.back().parameters.emplace_back(name, value);
      }
    }
    result = std::move(longer);
  }
  return result;
}

std::vector<MethodGrid> method_grids(Effort effort) {
  const bool full = effort == Effort::full;
  using Values = std::vector<std::string>;
  const Values lambdas =
      full ? Values{"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"} : Values{"0.3"};
  const Values iterations = full ? Values{"5", "10", "20", "50", "100"} : Values{"10"};
  return {
      {.name = "average", .method = "uniform_soup"},
      {.name = "mlerp", .method = "mlerp"},
      {.name = "model_stock", .method = "model_stock", .base_model = true},
      {.name = "task_arithmetic",
       .method = "task_arithmetic",
       .base_model = true,
       .weights = true,
       .candidates = combinations({{"lambda", lambdas}})},
      {.name = "ties",
       .method = "ties",
       .base_model = true,
       .weights = true,
       .candidates = combinations({{"density", full ? Values{"0.1", "0.2", "0.5"} : Values{"0.2"}},
                                   {"lambda", full ? Values{"0.5", "1", "1.5", "2"} : Values{"1"}}})},
      {.name = "dare",
       .method = "dare_linear",
       .base_model = true,
       .weights = true,
       .candidates = combinations({{"density", full ? Values{"0.1", "0.5", "0.9"} : Values{"0.5"}},
                                   {"lambda", full ? Values{"0.2", "0.3", "0.4", "0.5"} : Values{"0.3"}}})},
      {.name = "fisher",
       .method = "fisher",
       .statistic = Statistic::fisher,
       .candidates =
           combinations({{"normalization", full ? Values{"none", "tensor", "model"} : Values{"model"}},
                         {"floor", full ? Values{"1e-10", "1e-8", "1e-6"} : Values{"1e-8"}}})},
      {.name = "regmean",
       .method = "regmean",
       .statistic = Statistic::gram,
       .candidates = combinations({{"alpha", {"0", "0.1", "0.5", "0.9", "1"}}})},
      {.name = "mats",
       .method = "mats",
       .statistic = Statistic::gram,
       .base_model = true,
       .fixed = {{"objective", "forward"}},
       .candidates = combinations({{"iterations", iterations}})},
      {.name = "mats_kfac",
       .method = "mats",
       .statistic = Statistic::gram,
       .base_model = true,
       .fixed = {{"objective", "kfac"}},
       .candidates = combinations({{"iterations", iterations}})},
  };
}

}  // namespace stockpot::reproduce
