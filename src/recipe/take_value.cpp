#include "recipe/take_value.hpp"

#include <fmt/format.h>

namespace stockpot::recipe {
namespace {

constexpr std::int64_t largest_count = std::int64_t{1} << 53;

}  // namespace

void take_flag(MappingReader& reader, const std::string& key, bool& value, Findings& findings) {
  const auto at = reader.take(key);
  if (!at) return;
  const std::optional<double> flag = read_number(*at, findings);
  if (!flag) return;
  if (*flag != 0.0 && *flag != 1.0) {
    findings.error(*at, fmt::format("{} is true or false, not {}", key, *flag));
  } else {
    value = *flag != 0.0;
  }
}

void take_count(MappingReader& reader, const std::string& key, std::uint64_t minimum, std::uint64_t& value,
                Findings& findings) {
  const auto at = reader.take(key);
  if (!at) return;
  const auto count = read_integer(*at, static_cast<std::int64_t>(minimum), largest_count, findings);
  if (count) value = static_cast<std::uint64_t>(*count);
}

void take_amount(MappingReader& reader, const std::string& key, bool may_be_zero, double& value,
                 Findings& findings) {
  const auto at = reader.take(key);
  if (!at) return;
  const std::optional<double> amount = read_number(*at, findings);
  if (!amount) return;
  if (*amount < 0.0 || (*amount == 0.0 && !may_be_zero)) {
    findings.error(*at,
                   fmt::format("{} must be {} 0, not {}", key, may_be_zero ? "at least" : "above", *amount));
  } else {
    value = *amount;
  }
}

void take_text(MappingReader& reader, const std::string& key, std::string& value, Findings& findings) {
  const auto at = reader.take(key);
  if (!at) return;
  const std::optional<std::string> text = read_text(*at, findings);
  if (!text) return;
  if (text->empty()) {
    findings.error(*at, key + " is empty");
  } else {
    value = *text;
  }
}

}  // namespace stockpot::recipe
