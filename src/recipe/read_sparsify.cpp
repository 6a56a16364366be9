#include "recipe/read_sparsify.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "recipe/take_value.hpp"

namespace stockpot::recipe {
namespace {

constexpr std::array<std::pair<std::string_view, Sparsify::Method>, 2> method_words{
    {{"dare", Sparsify::Method::dare}, {"ties", Sparsify::Method::ties}}};

/// A required share between 0 and 1.
std::optional<double> read_share(MappingReader& reader, const std::string& key, Findings& findings) {
  const std::optional<Cursor> at = reader.require(key);
  if (!at) return std::nullopt;
  const std::optional<double> share = read_number(*at, findings);
  if (!share || (*share >= 0.0 && *share <= 1.0)) return share;
  findings.error(*at, fmt::format("{} is not between 0 and 1", *share));
  return std::nullopt;
}

}  // namespace

std::optional<Sparsify> read_sparsify(MappingReader& recipe, bool has_base_model, Findings& findings) {
  const std::optional<Cursor> at = recipe.take("sparsify");
  if (!at) return std::nullopt;
  MappingReader reader(*at, findings);
  if (!reader.is_mapping()) return std::nullopt;
  if (!has_base_model) {
    findings.error(*at, "sparsify needs a base_model, whose difference to each model it thins",
                   "write `base_model: REFERENCE`");
  }
  const std::optional<Cursor> method_at = reader.require("method");
  if (!method_at) return std::nullopt;
  const auto method = read_choice<Sparsify::Method>(*method_at, method_words, findings);
  if (!method) return std::nullopt;

  Sparsify sparsify{.method = *method, .scope = std::nullopt};
  std::vector<Hint> hints;
  std::optional<double> share;
  if (*method == Sparsify::Method::dare) {
    share = read_share(reader, "drop", findings);
    if (share) sparsify.density = 1.0 - *share;
    take_flag(reader, "rescale", sparsify.rescale, findings);
    hints.push_back({"density", "dare takes `drop:`, the share that is dropped (1 - density)"});
  } else {
    share = read_share(reader, "density", findings);
    if (share) sparsify.density = *share;
    hints.push_back({"drop", "ties takes `density:`, the share that is kept (1 - drop)"});
    hints.push_back({"rescale", "ties keeps the largest entries as they are"});
  }
  if (const auto scope = reader.take("scope")) {
    sparsify.scope = read_choice<Scope>(*scope, scope_words, findings);
  }
  reader.finish(hints);
  if (!share) return std::nullopt;
  return sparsify;
}

}  // namespace stockpot::recipe
