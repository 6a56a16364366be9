#include "recipe/read_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

class SpaceReader {
 public:
  SpaceReader(Strategy strategy, std::optional<std::uint64_t> models, const ParseContext& context)
      : strategy_(strategy), models_(models), context_(context) {}

  std::optional<SpaceEntry> read(const Cursor& at, const std::string& text) {
    SpaceEntry entry;
    entry.text = text;
    const bool is_named = read_name(at, entry);
    const bool has_values = at.is(YamlNode::Kind::sequence) ? read_values(at, entry) : read_range(at, entry);
    if (!is_named || !has_values || !check(at, entry)) return std::nullopt;
    return entry;
  }

 private:
  Findings& findings() const { return context_.findings; }

  /// NAME, NAME@MODEL, NAME~FILTER or NAME@MODEL~FILTER.
  bool read_name(const Cursor& at, SpaceEntry& entry) {
    const std::size_t tilde = entry.text.find('~');
    if (tilde != std::string::npos) {
      entry.filter = entry.text.substr(tilde + 1);
      if (entry.filter->empty()) {
        findings().error(at, "no filter stands after `~`", "write `NAME~PART`, part of the tensors' names");
        return false;
      }
    }
    const std::string rest = entry.text.substr(0, tilde);
    const std::size_t sign = rest.find('@');
    entry.parameter = rest.substr(0, sign);
    return sign == std::string::npos || read_model(at, rest.substr(sign + 1), entry);
  }

  bool read_model(const Cursor& at, const std::string& digits, SpaceEntry& entry) {
    if (!models_) {
      findings().error(at, "`@` counts models of a list `models:`, which this recipe lacks");
      return false;
    }
    std::uint64_t index = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, index);
    if (digits.empty() || failed != std::errc() || stop != end || index >= *models_) {
      findings().error(at, fmt::format("{} is no index into `models` (0 to {})", quote(digits),
                                       *models_ == 0 ? 0 : *models_ - 1));
      return false;
    }
    entry.model = index;
    return true;
  }

  bool read_values(const Cursor& at, SpaceEntry& entry) {
    if (at.node->items.empty()) findings().error(at, "an empty list has no value");
    for (const Cursor& item : read_list(at, findings())) {
      if (const auto value = read_number(item, findings())) entry.values.push_back(*value);
    }
    return !entry.values.empty() && entry.values.size() == at.node->items.size();
  }

  bool read_range(const Cursor& at, SpaceEntry& entry) {
    if (!at.is(YamlNode::Kind::mapping)) {
      findings().error(at, fmt::format("expected a list of values or a range, found {}", kind_name(*at.node)),
                       "write `[0, 0.5, 1]` or `{low: 0, high: 1}`");
      return false;
    }
    MappingReader reader(at, findings());
    const auto low_at = reader.require("low");
    const auto high_at = reader.require("high");
    reader.finish();
    const auto low = low_at ? read_number(*low_at, findings()) : std::nullopt;
    const auto high = high_at ? read_number(*high_at, findings()) : std::nullopt;
    if (!low || !high) return false;
    entry.low = *low;
    entry.high = *high;
    if (strategy_ == Strategy::grid) {
      findings().error(at, "a grid needs a list of values, not a range", "write `[0, 0.5, 1]`");
      return false;
    }
    if (entry.low < entry.high) return true;
    findings().error(at, fmt::format("low ({}) must be below high ({})", entry.low, entry.high));
    return false;
  }

  /// Against the method's parameter.
  bool check(const Cursor& at, const SpaceEntry& entry) {
    if (context_.method == nullptr) return true;
    const auto& parameters = context_.method->parameters;
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const ParameterSpec& p) { return p.name == entry.parameter; });
    if (found == parameters.end()) {
      findings().error(at, context_.method->name + " has no parameter " + quote(entry.parameter),
                       suggest(entry.parameter, context_.parameter_names()));
      return false;
    }
    if (found->kind == ParameterKind::choice) {
      findings().error(at, found->name + " is a word; a search sets numbers");
      return false;
    }
    if (entry.model && !found->per_model) {
      findings().error(at, found->name + " is not a parameter of single models", "write it without `@`");
      return false;
    }
    return check_values(at, entry, *found);
  }

  bool check_values(const Cursor& at, const SpaceEntry& entry, const ParameterSpec& parameter) {
    std::vector<double> values = entry.values;
    if (values.empty()) {
      if (parameter.kind == ParameterKind::boolean) {
        findings().error(at, parameter.name + " is true or false, which has no range",
                         "write `[false, true]`");
        return false;
      }
      values = {entry.low, entry.high};
    }
    for (const double value : values) {
      std::string problem;
      if (parameter.kind == ParameterKind::boolean && value != 0.0 && value != 1.0) {
        problem = fmt::format("{} is true or false, not {}", parameter.name, value);
      } else if (parameter.minimum && value < *parameter.minimum) {
        problem = fmt::format("{} must be at least {}, not {}", parameter.name, *parameter.minimum, value);
      } else if (parameter.maximum && value > *parameter.maximum) {
        problem = fmt::format("{} must be at most {}, not {}", parameter.name, *parameter.maximum, value);
      }
      if (problem.empty()) continue;
      findings().error(at, problem);
      return false;
    }
    return true;
  }

  Strategy strategy_;
  std::optional<std::uint64_t> models_;
  const ParseContext& context_;
};

}  // namespace

std::vector<SpaceEntry> read_space(const Cursor& at, Strategy strategy, std::optional<std::uint64_t> models,
                                   const ParseContext& context) {
  std::vector<SpaceEntry> space;
  const MappingReader reader(at, context.findings);
  if (reader.is_mapping() && at.node->entries.empty()) context.findings.error(at, "names no parameter");
  SpaceReader entries(strategy, models, context);
  for (const YamlEntry& entry : at.node->entries) {
    if (auto read = entries.read(at.entry(entry), entry.key)) space.push_back(std::move(*read));
  }
  return space;
}

}  // namespace stockpot::recipe
