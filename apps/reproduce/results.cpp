#include "results.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace stockpot::reproduce {

Results::Results(std::string experiment, std::vector<std::uint64_t> seeds)
    : experiment_(std::move(experiment)), seeds_(std::move(seeds)) {}

std::vector<Row>::const_iterator Results::find(const std::string& table, const std::string& method,
                                               const std::string& setting, const std::string& metric) const {
  return std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) {
    return std::tie(row.table, row.method, row.setting, row.metric) ==
           std::tie(table, method, setting, metric);
  });
}

void Results::add(const std::string& table, const std::string& method, const std::string& setting,
                  const std::string& metric, double value) {
  const auto place = static_cast<std::size_t>(find(table, method, setting, metric) - rows_.cbegin());
  if (place == rows_.size()) rows_.push_back({table, method, setting, metric, {}});
  rows_[place].values.push_back(value);
}

const Row& Results::at(const std::string& table, const std::string& method, const std::string& setting,
                       const std::string& metric) const {
  const auto row = find(table, method, setting, metric);
  if (row == rows_.end()) throw std::out_of_range("Results: no row " + table + " " + method + " " + setting);
  return *row;
}

std::string Results::json() const {
  const auto text = [](const auto& value) { return nlohmann::json(value).dump(); };
  std::string json =
      "{\"experiment\": " + text(experiment_) + ", \"seeds\": " + text(seeds_) + ", \"rows\": [";
  for (const Row& row : rows_) {
    json += &row == &rows_.front() ? "\n" : ",\n";
    json += "  {\"table\": " + text(row.table) + ", \"method\": " + text(row.method) +
            ", \"setting\": " + text(row.setting) + ", \"metric\": " + text(row.metric) +
            ", \"values\": " + text(row.values) + "}";
  }
  return json + "\n]}\n";
}

}  // namespace stockpot::reproduce
