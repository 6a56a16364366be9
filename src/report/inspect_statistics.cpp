#include "stockpot/report/inspect_statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "report/text_table.hpp"
#include "report/totals.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/io/hdf5_kind.hpp"
#include "stockpot/io/sample_file.hpp"
#include "stockpot/io/statistics_file.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;
using Align = TextTable::Align;

constexpr std::uint64_t block_elements = std::uint64_t{1} << 22;

json object_json(const io::StoredDataset& data) {
  return {{"dtype", name(data.dtype)}, {"shape", data.shape}};
}

template <typename Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json();
}

/// Counts the tokens of every entry and, on the way, has every value that counts checked.
std::uint64_t read_all_tokens(const io::SampleFile& file, const io::SampleRows& rows) {
  const std::uint64_t entry_elements = std::max<std::uint64_t>(1, rows.tokens_per_entry * rows.width);
  const std::uint64_t step = std::max<std::uint64_t>(1, block_elements / entry_elements);
  std::vector<double> values;
  std::uint64_t tokens = 0;
  for (std::uint64_t first = 0; first < rows.entries; first += step) {
    tokens += file.read_tokens(rows, first, std::min(step, rows.entries - first), values);
  }
  return tokens;
}

void read_all_gradients(const io::SampleFile& file, const io::SampleGradients& gradients) {
  std::vector<double> values;
  for (std::uint64_t first = 0; first < gradients.data.elements; first += block_elements) {
    values.resize(static_cast<std::size_t>(std::min(block_elements, gradients.data.elements - first)));
    file.read_gradients(gradients, first, values);
  }
}

json rows_json(const io::SampleFile& file, const io::SampleRows& rows, Depth depth) {
  json object = object_json(rows.data);
  object["mask"] = rows.mask ? json(rows.mask->object) : json();
  object["tokens"] = depth == Depth::content ? json(read_all_tokens(file, rows)) : json();
  return object;
}

json samples_json(const std::filesystem::path& path, Depth depth) {
  const io::SampleFile file = io::SampleFile::open(path);
  json objects = json::object();
  for (const io::SampleRows& rows : file.inputs()) {
    json& object = objects[rows.data.object] = rows_json(file, rows, depth);
    object["weight_layout"] = name(rows.weight_layout);
  }
  for (const io::SampleRows& rows : file.output_gradients()) {
    objects[rows.data.object] = rows_json(file, rows, depth);
  }
  for (const io::SampleGradients& gradients : file.gradients()) {
    if (depth == Depth::content) read_all_gradients(file, gradients);
    json& object = objects[gradients.data.object] = object_json(gradients.data);
    object["examples"] = file.examples();
    if (file.labels() == io::Labels::exact) object["classes"] = gradients.classes;
  }
  if (depth == Depth::content && file.classes() > 0) {
    const std::uint64_t step = std::max<std::uint64_t>(1, block_elements / file.classes());
    for (std::uint64_t first = 0; first < file.examples(); first += step) {
      static_cast<void>(file.read_probabilities(first, std::min(step, file.examples() - first)));
    }
  }
  return {{"format", "samples"},
          {"bytes", file.bytes()},
          {"model_digest", file.model_digest() ? json(file.model_digest()->hex()) : json()},
          {"examples", file.examples()},
          {"labels", name(file.labels())},
          {"objects", std::move(objects)}};
}

json statistics_json(const std::filesystem::path& path, Depth depth) {
  const io::StatisticsFile file = io::StatisticsFile::open(path);
  if (depth == Depth::content) file.check_values();
  json objects = json::object();
  std::map<std::uint64_t, std::string> first_name;
  for (const io::Statistic& statistic : file.statistics()) {
    json& object = objects[statistic.data.object] = object_json(statistic.data);
    const bool is_gram =
        statistic.kind == io::StatisticKind::gram || statistic.kind == io::StatisticKind::gram_output;
    object[is_gram ? "tokens" : "examples"] = or_null(statistic.count);
    if (statistic.kind != io::StatisticKind::fisher) {
      object["dimension"] = statistic.dimension;
      object["layout"] = name(statistic.layout);
    }
    if (statistic.kind == io::StatisticKind::gram) object["weight_layout"] = name(statistic.weight_layout);
    const auto [first, is_new] = first_name.emplace(statistic.data.address, statistic.data.object);
    if (!is_new) object["same_as"] = first->second;
  }
  return {{"format", "statistics"},
          {"bytes", file.bytes()},
          {"model_digest", file.header().model_digest.hex()},
          {"examples", or_null(file.header().examples)},
          {"tokens", or_null(file.header().tokens)},
          {"labels", name(file.header().labels)},
          {"objects", std::move(objects)}};
}

json geometry_json(const std::filesystem::path& path) {
  json objects = json::object();
  for (const io::StoredDataset& data : io::read_geometry_listing(path)) {
    objects[data.object] = object_json(data);
  }
  return {{"format", "geometry"},
          {"bytes", io::File::open_to_read(path).size()},
          {"objects", std::move(objects)}};
}

std::optional<json> document_of(const std::filesystem::path& path, Depth depth) {
  std::error_code ignored;
  if (!is_hdf5(path) || !std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  json document;
  switch (io::hdf5_kind(path)) {
    case io::Hdf5Kind::state_dict:
      return std::nullopt;
    case io::Hdf5Kind::samples:
      document = samples_json(path, depth);
      break;
    case io::Hdf5Kind::statistics:
      document = statistics_json(path, depth);
      break;
    case io::Hdf5Kind::geometry:
      document = geometry_json(path);
      break;
  }
  document["file"] = path.string();
  document["format_version"] = 1;  // readers take no other
  return document;
}

/// What one cell says of a value; "-" for what the object has not or was not read.
std::string cell(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "-";
  return found->is_number() ? with_commas(found->get<std::uint64_t>()) : printable(found->get<std::string>());
}

std::string object_table(const json& objects, Listing listing) {
  std::vector<std::string> names;
  for (const auto& [name, object] : objects.items()) names.push_back(name);
  std::sort(names.begin(), names.end(), natural_less);
  TextTable table(
      {"object", "dtype", "shape", "layout", "tokens", "examples", "remarks"},
      {Align::left, Align::left, Align::left, Align::left, Align::right, Align::right, Align::left});
  for (const std::string& name : names) {
    const json& object = objects[name];
    std::string remarks;
    for (const char* key : {"weight_layout", "mask", "classes", "same_as"}) {
      const std::string value = cell(object, key);
      if (value != "-" && value != "out_in")
        remarks += fmt::format("{}{} {}", remarks.empty() ? "" : ", ", key, value);
    }
    table.add({printable(name), cell(object, "dtype"), to_string(object["shape"].get<Shape>()),
               cell(object, "layout"), cell(object, "tokens"), cell(object, "examples"), remarks});
  }
  return table.text(listing);
}

std::string text_of(const json& document, Listing listing) {
  const json& objects = document["objects"];
  std::string text =
      fmt::format("{}: {}, {} object{}, {}\n", printable(document["file"].get<std::string>()),
                  document["format"].get<std::string>(), objects.size(), objects.size() == 1 ? "" : "s",
                  format_size(document["bytes"].get<std::uint64_t>()));
  for (const char* key : {"model_digest", "examples", "tokens", "labels"}) {
    const std::string value = cell(document, key);
    if (value != "-" && value != "''") text += fmt::format("{} {}\n", key, value);
  }
  return text + "\n" + object_table(objects, listing);
}

}  // namespace

std::optional<StatisticsInspection> inspect_statistics(comm::Communicator& world,
                                                       const std::string& reference, Depth depth,
                                                       Listing listing) {
  StatisticsInspection found;
  const std::string is_one = comm::from_root(world, "the file", [&]() -> std::string {
    const std::optional<json> document = document_of(reference, depth);
    if (!document) return {};
    found.json = document->dump(2, ' ', false, json::error_handler_t::replace) + "\n";
    found.text = text_of(*document, listing);
    return "yes";
  });
  if (is_one.empty()) return std::nullopt;
  return found;
}

}  // namespace stockpot::report
