#include "soups/recipes.hpp"

#include <fmt/format.h>

#include "merging.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::string_view stored_as = "out_dtype: float32\n";

std::string beginning(std::string_view method, const Paths& models, const std::string& parameters = "") {
  std::string text = fmt::format("merge_method: {}\nmodels:\n", method);
  for (const std::filesystem::path& model : models) {
    text += fmt::format("  - {{model: {}{}}}\n", quoted(model.string()), parameters);
  }
  return text;
}

}  // namespace

std::string average_recipe(const Paths& models) {
  return fmt::format("{}{}", beginning("uniform_soup", models), stored_as);
}

std::string stock_recipe(const Paths& models, const std::filesystem::path& anchor) {
  return fmt::format("{}semantics: paper\nbase_model: {}\n{}", beginning("model_stock", models),
                     quoted(anchor.string()), stored_as);
}

std::string scaled_average_recipe(const Paths& models, double scale) {
  const std::string weight =
      fmt::format(", parameters: {{weight: {}}}", scale / static_cast<double>(models.size()));
  return fmt::format("{}parameters: {{normalize: false}}\n{}", beginning("linear", models, weight),
                     stored_as);
}

std::string soup_recipe(std::string_view method, const Paths& models, const std::string& search,
                        const std::filesystem::path& data) {
  return fmt::format("{}search: {{{}}}\nevaluate: {{probe: mlp, data: {}, metric: accuracy}}\n{}",
                     beginning(method, models), search, quoted(data.string()), stored_as);
}

}  // namespace stockpot::reproduce
