#include "recipe/method_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "recipe/reader.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

/// Methods that mergekit or stockpot's documents name.
constexpr std::array<std::string_view, 29> documented_methods{
    "linear",  "slerp",       "nuslerp",    "multislerp",  "karcher",      "passthrough",  "task_arithmetic",
    "ties",    "dare_linear", "dare_ties",  "della",       "della_linear", "breadcrumbs",  "breadcrumbs_ties",
    "sce",     "ram",         "ramplus_tl", "model_stock", "nearswap",     "arcee_fusion", "fisher",
    "regmean", "mats",        "mlerp",      "sparse_lora", "uniform_soup", "greedy_soup",  "learned_soup",
    "weighted"};

}  // namespace

const MethodSchema* find_method(const Schema& schema, const std::string& name) {
  const auto found =
      std::find_if(schema.begin(), schema.end(), [&](const MethodSchema& m) { return m.name == name; });
  return found == schema.end() ? nullptr : &*found;
}

void report_method(const Cursor& at, const std::string& name, const Schema& schema, Findings& findings) {
  std::vector<std::string> names;
  for (const MethodSchema& method : schema) names.push_back(method.name);
  const std::string available = fmt::format("available: {}", fmt::join(names, ", "));
  if (std::find(documented_methods.begin(), documented_methods.end(), name) != documented_methods.end()) {
    findings.error(at, "method " + quote(name) + " is not available in this version; " + available);
  } else {
    findings.error(at, "unknown method " + quote(name) + "; " + available, suggest(name, names));
  }
}

}  // namespace stockpot::recipe
