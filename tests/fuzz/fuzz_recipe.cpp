// Any bytes: the parser must end with a recipe or with an error, and what it accepts can be evaluated.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../unit/recipe/schema_fixture.hpp"
#include "stockpot/recipe/lookup.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace {

using namespace stockpot::recipe;

void require(bool condition) {
  if (!condition) std::abort();
}

void evaluate(const Place& place, const MethodSchema& method) {
  for (const ParameterSpec& parameter : method.parameters) {
    for (const double t : {0.0, 0.37, 1.0}) {
      static_cast<void>(lookup(place, parameter, "model.layers.3.self_attn.q_proj.weight", t));
    }
    static_cast<void>(lookup_word(place, parameter));
  }
}

void evaluate_everywhere(const Recipe& recipe, const MethodSchema& method) {
  for (const Module& module : recipe.modules) {
    evaluate({recipe, module}, method);
    for (std::size_t i = 0; i < module.models.size(); ++i) evaluate({recipe, module, nullptr, i}, method);
    for (const Slice& slice : module.slices) {
      for (std::size_t i = 0; i < slice.sources.size(); ++i) evaluate({recipe, module, &slice, i}, method);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Schema schema = test::schema();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool lenient : {false, true}) {
    const ParsedRecipe parsed = parse_recipe(text, schema, lenient);
    require(parsed.recipe.has_value() != has_errors(parsed.problems));
    for (const Problem& problem : parsed.problems)
      require(to_string(problem).find('\n') == std::string::npos);
    if (!parsed.recipe) continue;
    for (const MethodSchema& method : schema) {
      if (method.name == parsed.recipe->method) evaluate_everywhere(*parsed.recipe, method);
    }
  }
  return 0;
}
