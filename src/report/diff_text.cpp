#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/text_table.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/report/diff.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;

template <typename T>
json number(const std::optional<T>& value) {
  return value ? json(*value) : json();  // nlohmann writes null for what is not finite
}

json distance_json(const Distance& distance) {
  return {{"differing", number(distance.differing)},
          {"max_abs_difference", number(distance.largest)},
          {"relative_l2", number(distance.relative)},
          {"cosine", number(distance.cosine)}};
}

json names_json(const std::vector<UnmatchedTensor>& tensors) {
  json names = json::array();
  for (const UnmatchedTensor& tensor : tensors) names.push_back(tensor.name);
  return names;
}

std::string either(const std::string& a, const std::string& b) {
  return a == b ? a : a + " / " + b;
}

std::string number_text(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}g}", *value, digits) : "-";
}

std::vector<std::string> distance_cells(const Distance& distance) {
  return {distance.differing ? with_commas(*distance.differing) : "-", number_text(distance.largest, 4),
          number_text(distance.relative, 4), number_text(distance.cosine, 9)};
}

std::string unmatched_text(const char* model, const std::vector<UnmatchedTensor>& tensors, Listing listing) {
  if (tensors.empty()) return {};
  TextTable table({std::string("only in ") + model, "dtype", "shape"},
                  {TextTable::Align::left, TextTable::Align::left, TextTable::Align::left});
  for (const UnmatchedTensor& tensor : tensors) {
    table.add({printable(tensor.name), std::string(name(tensor.dtype)), to_string(tensor.shape)});
  }
  return table.text(listing) + "\n";
}

std::string differing_text(const ModelDifference& found, Listing listing) {
  std::vector<const TensorDifference*> differing;
  for (const TensorDifference& tensor : found.tensors) {
    if (!tensor.equal) differing.push_back(&tensor);
  }
  if (differing.empty()) return {};
  std::sort(differing.begin(), differing.end(), [](const TensorDifference* x, const TensorDifference* y) {
    return natural_less(x->name, y->name);
  });
  using Align = TextTable::Align;
  TextTable table(
      {"differs", "dtype", "shape", "differing", "max |a-b|", "|a-b|/|a|", "cosine"},
      {Align::left, Align::left, Align::left, Align::right, Align::right, Align::right, Align::right});
  for (const TensorDifference* tensor : differing) {
    std::vector<std::string> cells{
        printable(tensor->name),
        either(std::string(name(tensor->dtype_a)), std::string(name(tensor->dtype_b))),
        either(to_string(tensor->shape_a), to_string(tensor->shape_b))};
    for (std::string& cell : distance_cells(tensor->distance)) cells.push_back(std::move(cell));
    table.add(std::move(cells));
  }
  return table.text(listing) + "\n";
}

std::string how_equal(const std::optional<double>& tolerance) {
  return tolerance ? fmt::format("equal within {:g}", *tolerance) : "equal";
}

}  // namespace

std::string difference_json(const ModelDifference& found) {
  json tensors = json::object();
  for (const TensorDifference& tensor : found.tensors) {
    json entry = distance_json(tensor.distance);
    entry["equal"] = tensor.equal;
    entry["dtype"] = {{"a", name(tensor.dtype_a)}, {"b", name(tensor.dtype_b)}};
    entry["shape"] = {{"a", tensor.shape_a}, {"b", tensor.shape_b}};
    tensors[tensor.name] = std::move(entry);
  }
  const json document = {{"equal", found.equal()},
                         {"tolerance", number(found.tolerance)},
                         {"only_in_a", names_json(found.only_in_a)},
                         {"only_in_b", names_json(found.only_in_b)},
                         {"tensors", tensors},
                         {"total", distance_json(found.distance)}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string difference_text(const ModelDifference& found, Listing listing) {
  const auto equal = std::count_if(found.tensors.begin(), found.tensors.end(),
                                   [](const TensorDifference& tensor) { return tensor.equal; });
  const std::size_t all = found.tensors.size() + found.only_in_a.size() + found.only_in_b.size();
  const std::vector<std::string> total = distance_cells(found.distance);
  std::string text = unmatched_text("A", found.only_in_a, listing);
  text += unmatched_text("B", found.only_in_b, listing);
  text += differing_text(found, listing);
  text += fmt::format("{} of {} tensors {}", equal, all, how_equal(found.tolerance));
  if (found.equal() && found.distance.differing == 0U) return text + "\n";
  return text + fmt::format("; in all {} elements differ, max |a-b| {}, |a-b|/|a| {}, cosine {}\n", total[0],
                            total[1], total[2], total[3]);
}

}  // namespace stockpot::report
