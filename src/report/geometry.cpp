#include "stockpot/report/geometry.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/text_table.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// Nested as the shape says; nlohmann writes null for what is not finite.
json numbers_json(const io::NamedNumbers& numbers) {
  if (numbers.shape.empty()) return numbers.values.front();
  if (numbers.shape.size() == 1) return numbers.values;
  json rows = json::array();
  const auto columns = static_cast<std::ptrdiff_t>(numbers.shape[1]);
  for (auto row = numbers.values.begin(); row != numbers.values.end(); row += columns) {
    rows.push_back(std::vector<double>(row, row + columns));
  }
  return rows;
}

std::string dump(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

void GeometryJson::add(const io::GeometryItem& item) {
  ordered_json object{{"elements", item.elements}};
  for (const io::NamedNumbers& numbers : item.numbers) object[numbers.name] = numbers_json(numbers);
  std::string& text = members_[item.kind];
  if (!text.empty()) text += ",\n";
  text += dump(item.name) + ": " + dump(object);
}

std::string GeometryJson::text(const io::GeometryModels& models) const {
  std::string text = "{\"models\": " + dump(models.models) +
                     ",\n\"base_model\": " + (models.base_model ? dump(*models.base_model) : "null");
  for (const char* const kind : {"tensor", "layer", "model"}) {
    const auto found = members_.find(kind);
    text += fmt::format(",\n\"{}\": {{{}}}", kind, found == members_.end() ? "" : found->second);
  }
  return text + "}\n";
}

std::string geometry_text(const io::GeometryItem& item, const io::GeometryModels& models) {
  std::vector<std::string> heading{"model"};
  std::vector<TextTable::Align> columns{TextTable::Align::left};
  std::vector<const io::NamedNumbers*> shown;
  for (const io::NamedNumbers& numbers : item.numbers) {
    if (numbers.shape.size() != 1) continue;
    shown.push_back(&numbers);
    heading.push_back(numbers.name);
    columns.push_back(TextTable::Align::right);
  }
  TextTable table(heading, columns);
  for (std::size_t i = 0; i < models.models.size(); ++i) {
    std::vector<std::string> cells{printable(models.models[i])};
    for (const io::NamedNumbers* numbers : shown) cells.push_back(fmt::format("{:.6g}", numbers->values[i]));
    table.add(std::move(cells));
  }
  return table.text(Listing::all);
}

}  // namespace stockpot::report
