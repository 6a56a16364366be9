#include "recipe/name_rules.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <memory>
#include <utility>

#include "recipe/reader.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

constexpr std::size_t longest_regex_bytes = 4096;
constexpr std::size_t most_rules = 10'000;
constexpr std::int64_t highest_dimension = 63;
constexpr std::int64_t largest_size = std::int64_t{1} << 53;

/// Compiling takes time: the number of regexes is bounded.
bool has_too_many(const Cursor& at, Findings& findings) {
  const bool is_over = at.node->items.size() > most_rules;
  if (is_over) findings.error(at, fmt::format("more than {} entries", most_rules));
  return is_over;
}

/// The compiled regex; null when it is broken (reported).
std::unique_ptr<RE2> compile(const Cursor& at, const std::string& pattern, Findings& findings) {
  if (pattern.size() > longest_regex_bytes) {
    findings.error(at, fmt::format("a regex of {} bytes is too long", pattern.size()));
    return nullptr;
  }
  RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_unique<RE2>(pattern, options);
  if (regex->ok()) return regex;
  // The library's text goes on with a piece of the pattern, which may hold line breaks.
  const std::string& why = regex->error();
  findings.error(at, "regex " + quote(pattern) + ": " + why.substr(0, why.find(": ")));
  return nullptr;
}

/// Every `to` may use only groups that every `from` has.
void check_groups(const Cursor& at, const NameRule& rule, Findings& findings) {
  for (const std::string& from : rule.from) {
    const std::unique_ptr<RE2> regex = compile(at, from, findings);
    if (!regex) continue;
    for (const std::string& to : rule.to) {
      std::string why;
      if (!regex->CheckRewriteString(to, &why)) {
        findings.error(at, quote(to) + " does not fit " + quote(from) + ": " + why);
      }
    }
  }
}

void check_sizes(const Cursor& at, const NameRule& rule, Findings& findings) {
  if (rule.to.size() < 2) {
    findings.error(at, "'sizes' belongs to a split (a list of several names in `to:`)");
  } else if (rule.sizes.size() != rule.to.size()) {
    findings.error(at, fmt::format("{} sizes for {} names", rule.sizes.size(), rule.to.size()));
  }
}

NameRule read_rule(const Cursor& at, const ModelNames* models, Findings& findings) {
  NameRule rule;
  MappingReader reader(at, findings);
  const std::optional<Cursor> from = reader.require("from");
  const std::optional<Cursor> to = reader.require("to");
  if (from) rule.from = read_texts(*from, findings);
  if (to) rule.to = read_texts(*to, findings);
  if (from && from->is(YamlNode::Kind::sequence) && rule.from.empty()) findings.error(*from, "an empty list");
  if (to && to->is(YamlNode::Kind::sequence) && rule.to.empty()) findings.error(*to, "an empty list");
  for (const std::string& name : rule.to) {
    if (name.empty()) findings.error(*to, "an empty name");
  }
  const bool cuts = rule.from.size() > 1 || rule.to.size() > 1;
  if (rule.from.size() > 1 && rule.to.size() > 1) {
    findings.error(at, "either `from:` or `to:` may be a list, not both",
                   "concatenate first, split in a second rule");
  }
  check_groups(at, rule, findings);
  if (const auto dim = reader.take("dim")) {
    rule.dim = static_cast<std::uint64_t>(read_integer(*dim, 0, highest_dimension, findings).value_or(0));
    if (!cuts) findings.warning(*dim, "'dim' has no effect: the rule neither splits nor concatenates");
  }
  if (const auto sizes = reader.take("sizes")) {
    for (const Cursor& item : read_list(*sizes, findings)) {
      const auto size = read_integer(item, 1, largest_size, findings);
      rule.sizes.push_back(static_cast<std::uint64_t>(size.value_or(1)));
    }
    check_sizes(*sizes, rule, findings);
  }
  if (const auto model = reader.take("model")) {
    rule.model = read_text(*model, findings);
    if (rule.model && models != nullptr) models->require(*model, *rule.model, findings);
  }
  reader.finish();
  return rule;
}

}  // namespace

std::vector<std::string> read_regexes(const Cursor& at, Findings& findings) {
  if (has_too_many(at, findings)) return {};
  std::vector<std::string> patterns = read_texts(at, findings);
  for (const std::string& pattern : patterns) compile(at, pattern, findings);
  return patterns;
}

std::vector<NameRule> read_name_rules(const Cursor& at, const ModelNames* models, Findings& findings) {
  std::vector<NameRule> rules;
  if (has_too_many(at, findings)) return rules;
  for (const Cursor& item : read_list(at, findings)) rules.push_back(read_rule(item, models, findings));
  return rules;
}

}  // namespace stockpot::recipe
