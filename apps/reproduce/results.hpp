#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stockpot::reproduce {

/// What a table says about one method, one value for each seed.
struct Row {
  std::string table;
  std::string method;
  std::string setting;
  std::string metric;
  std::vector<double> values;
};

/// Rows in the order in which they were first named.
class Results {
 public:
  Results(std::string experiment, std::vector<std::uint64_t> seeds);

  /// Appends the next seed's value.
  void add(const std::string& table, const std::string& method, const std::string& setting,
           const std::string& metric, double value);

  [[nodiscard]] const std::vector<std::uint64_t>& seeds() const noexcept { return seeds_; }
  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }
  /// Throws std::out_of_range if there is none.
  [[nodiscard]] const Row& at(const std::string& table, const std::string& method, const std::string& setting,
                              const std::string& metric) const;

  /// {"experiment": ..., "seeds": [...], "rows": [{"table":, "method":, "setting":, "metric":, "values":
  /// [...]}]}, a row a line.
  [[nodiscard]] std::string json() const;

 private:
  [[nodiscard]] std::vector<Row>::const_iterator find(const std::string& table, const std::string& method,
                                                      const std::string& setting,
                                                      const std::string& metric) const;

  std::string experiment_;
  std::vector<std::uint64_t> seeds_;
  std::vector<Row> rows_;
};

}  // namespace stockpot::reproduce
