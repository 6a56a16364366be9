#include <fmt/format.h>

#include <algorithm>

#include "recipe/module_reader.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

/// No model comes near; a bound keeps made-up ranges from costing memory.
constexpr std::int64_t most_layers = 1'000'000;

/// End of a range that could not be read (and was reported).
constexpr std::int64_t unknown_end = -1;

std::vector<Hint> source_hints(const ParseContext& context) {
  std::vector<Hint> hints = context.parameter_hints();
  hints.push_back({"residual_weight", "`residual_weight` stands beside `sources:`"});
  return hints;
}

std::vector<Hint> slice_hints(const ParseContext& context) {
  std::vector<Hint> hints = context.parameter_hints();
  hints.push_back({"model", "write `sources: [{model: ..., layer_range: [FIRST, END]}]`"});
  hints.push_back({"layer_range", "write `sources: [{model: ..., layer_range: [FIRST, END]}]`"});
  return hints;
}

}  // namespace

void ModuleReader::read_slices(const Cursor& at, Module& module) {
  if (context_.method != nullptr && context_.method->takes_examples) {
    context_.findings.error(at, context_.method->name + " works on `models:`, slices have no examples");
  }
  if (context_.method != nullptr && context_.method->takes_statistics) {
    context_.findings.error(at, context_.method->name + " works on `models:`, slices have no statistics");
  }
  for (const Cursor& item : read_list(at, context_.findings))
    module.slices.push_back(read_slice(item, module));
}

Slice ModuleReader::read_slice(const Cursor& at, const Module& module) {
  Slice slice;
  MappingReader reader(at, context_.findings);
  if (const auto base = reader.take("base_model"))
    slice.base_model = read_reference(*base, context_.findings);
  if (const auto parameters = reader.take("parameters")) {
    slice.parameters = read_parameters(*parameters, Level::shared, context_);
  }
  reader.ignore("residual_weight");
  const std::optional<Cursor> sources = reader.require("sources");
  reader.finish(slice_hints(context_));
  if (!sources) return slice;

  const std::optional<ModelReference>& base = slice.base_model ? slice.base_model : recipe_.base_model;
  std::set<std::string> taken;
  for (const Cursor& item : read_list(*sources, context_.findings)) {
    const SliceSource& source = slice.sources.emplace_back(read_source(item));
    check_name(item, source.name, source.reference, taken);
    if (!item.is(YamlNode::Kind::mapping)) continue;  // reported already
    check_model_parameters(item, source.name, source.reference, base,
                           {&source.parameters, &slice.parameters, &module.parameters, &recipe_.parameters});
  }
  if (slice.sources.empty()) {
    if (sources->is(YamlNode::Kind::sequence)) context_.findings.error(*sources, "a slice needs a source");
    return slice;
  }
  check_lengths(*sources, slice);
  check_count(*sources, slice.sources.size(), true);
  check_base_is_source(*sources, slice);
  check_shared_parameters(at, {&slice.parameters, &module.parameters, &recipe_.parameters});
  return slice;
}

SliceSource ModuleReader::read_source(const Cursor& at) {
  SliceSource source;
  source.end_layer = unknown_end;
  MappingReader reader(at, context_.findings);
  if (const auto model = reader.require("model")) {
    source.reference = read_reference(*model, context_.findings).value_or(ModelReference{});
  }
  source.name = read_name(reader.take("name"), source.reference);
  if (const auto range = reader.require("layer_range")) read_layer_range(*range, source);
  if (const auto parameters = reader.take("parameters")) {
    source.parameters = read_parameters(*parameters, Level::source, context_);
  }
  reader.refuse("examples", "the sources of a slice take no number of examples");
  reader.refuse("statistics", "the sources of a slice take no statistics");
  reader.finish(source_hints(context_));
  return source;
}

void ModuleReader::read_layer_range(const Cursor& at, SliceSource& source) {
  const std::vector<Cursor> ends = read_list(at, context_.findings);
  if (!at.is(YamlNode::Kind::sequence)) return;
  if (ends.size() != 2) {
    context_.findings.error(at, fmt::format("a layer range is [FIRST, END], not {} numbers", ends.size()));
    return;
  }
  const auto first = read_integer(ends[0], 0, most_layers, context_.findings);
  const auto end = read_integer(ends[1], 0, most_layers, context_.findings);
  if (!first || !end) return;
  if (*first > *end) {
    context_.findings.error(at, fmt::format("layer range [{}, {}] ends before it begins", *first, *end));
    return;
  }
  source.first_layer = *first;
  source.end_layer = *end;
}

void ModuleReader::check_lengths(const Cursor& at, const Slice& slice) {
  if (std::any_of(slice.sources.begin(), slice.sources.end(),
                  [](const SliceSource& s) { return s.end_layer == unknown_end; })) {
    return;
  }
  const SliceSource& first = slice.sources.front();
  const std::int64_t length = first.end_layer - first.first_layer;
  for (std::size_t i = 1; i < slice.sources.size(); ++i) {
    const std::int64_t other = slice.sources[i].end_layer - slice.sources[i].first_layer;
    if (other == length) continue;
    context_.findings.error(
        at, fmt::format("all sources of a slice must have the same number of layers: {} in [0], {} in [{}]",
                        length, other, i));
    return;
  }
}

void ModuleReader::check_base_is_source(const Cursor& at, const Slice& slice) {
  const std::optional<ModelReference>& base = slice.base_model ? slice.base_model : recipe_.base_model;
  if (context_.method == nullptr || !context_.method->has_anchor() || !base) return;
  const bool is_listed = std::any_of(slice.sources.begin(), slice.sources.end(),
                                     [&](const SliceSource& s) { return same_model(s.reference, *base); });
  if (is_listed) return;
  context_.findings.error(at, "base_model " + quote(base->text) + " is not among the sources of this slice",
                          "list it with its layer range");
}

}  // namespace stockpot::recipe
