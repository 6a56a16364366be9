#include "comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace stockpot::bench {

std::vector<double> Comparison::ratios() const {
  std::vector<double> ratios;
  for (std::size_t pair = 0; pair < rates.size(); ++pair) {
    ratios.push_back(of_times ? references[pair] / rates[pair] : rates[pair] / references[pair]);
  }
  return ratios;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

std::string to_line(const Comparison& comparison) {
  const std::vector<double> ratios = comparison.ratios();
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  std::string what = fmt::format("{:<21} {}", comparison.name, comparison.variant);
  if (comparison.size > 0) what += fmt::format(" {}", comparison.size);
  return fmt::format("{:<50}  ratio {:.3f} ({:.3f} .. {:.3f})  {:.2f} of {:.2f} {}", what, median(ratios),
                     *least, *most, median(comparison.rates), median(comparison.references), comparison.unit);
}

std::string to_json(const std::vector<Comparison>& comparisons, const std::string& library) {
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const Comparison& comparison : comparisons) {
    const std::vector<double> ratios = comparison.ratios();
    nlohmann::ordered_json result{{"name", comparison.name},
                                  {"ratio", median(ratios)},
                                  {"rate", median(comparison.rates)},
                                  {"reference", median(comparison.references)},
                                  {"variant", comparison.variant}};
    if (comparison.size > 0) result["size"] = comparison.size;
    result["ratios"] = ratios;
    results.push_back(std::move(result));
  }
  nlohmann::ordered_json document;
  if (!library.empty()) document["library"] = library;
  document["results"] = std::move(results);
  return document.dump(2) + "\n";
}

}  // namespace stockpot::bench
