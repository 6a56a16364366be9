#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "stockpot/method/catalog.hpp"
#include "stockpot/method/survey.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::method {

/// A tensor of some models in memory, and what a method makes of it.
struct MethodRun {
  const Method& method;
  DType input_dtype = DType::f32;
  DType output_dtype = DType::f32;
  std::vector<std::vector<double>> models = {};  ///< exact in input_dtype
  std::vector<double> anchor = {};               ///< empty: none
  ParameterValues values = {};
  recipe::Semantics semantics = recipe::Semantics::mergekit;
  Shape shape = {};  ///< empty: one dimension

  [[nodiscard]] TensorContext context() const {
    TensorContext tensor;
    tensor.name = "model.layers.0.weight";
    tensor.shape = shape.empty() ? Shape{models.front().size()} : shape;
    tensor.elements = models.front().size();
    tensor.models = models.size();
    tensor.has_anchor = !anchor.empty();
    tensor.values = values;
    tensor.semantics = semantics;
    for (std::size_t i = 0; i < models.size(); ++i)
      tensor.model_names.push_back("model-" + std::to_string(i));
    return tensor;
  }

  /// The output's bytes, applied in tiles that end at `cuts` (ascending) and at the end of the tensor. With a
  /// method that works on rows tiles are completed to whole ones, and the survey is cut there too.
  [[nodiscard]] std::vector<std::byte> run(std::vector<std::uint64_t> cuts = {}) const {
    const std::uint64_t elements = models.front().size();
    std::vector<std::vector<std::byte>> stored;
    for (const auto& model : models) stored.push_back(store(input_dtype, model));
    const std::vector<std::byte> stored_anchor = store(input_dtype, anchor);
    std::vector<std::byte> output(elements * width(output_dtype));
    std::vector<kernel::TypedInput> inputs(models.size());
    std::vector<std::vector<std::byte>> shown;
    const std::uint64_t row = std::max<std::uint64_t>(1, method.row_elements(context()));
    const auto tile_at = [&](std::uint64_t first, std::uint64_t count) {
      Tile tile;
      tile.first = first;
      tile.count = count;
      tile.before = first % row;
      tile.after = std::min((row - (first + count) % row) % row, elements - (first + count));
      // What lies outside the tile's rows must not be looked at.
      const std::uint64_t begin = first - tile.before;
      const std::uint64_t covered = tile.before + count + tile.after;
      const auto only_rows = [&](const std::vector<std::byte>& whole) {
        const auto at = whole.begin() + static_cast<std::ptrdiff_t>(begin * width(input_dtype));
        return std::vector<std::byte>(at, at + static_cast<std::ptrdiff_t>(covered * width(input_dtype)));
      };
      shown.clear();
      for (const auto& model : stored) shown.push_back(only_rows(model));
      if (!anchor.empty()) shown.push_back(only_rows(stored_anchor));
      for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = {input_dtype, shown[i].data()};
      tile.inputs = inputs;
      if (!anchor.empty()) tile.anchor = {input_dtype, shown.back().data()};
      tile.output = {output_dtype, output.data() + first * width(output_dtype)};
      return tile;
    };
    cuts.push_back(elements);
    const auto pass = prepared_pass(tile_at, row > 1 ? cuts : std::vector<std::uint64_t>{});
    for (std::uint64_t first = 0; const std::uint64_t end : cuts) {
      pass->apply(tile_at(first, end - first));
      first = end;
    }
    return output;
  }

  /// The apply step, after the survey where the method needs one, in tiles of leaves or that end at `cuts`.
  template <typename TileAt>
  [[nodiscard]] std::unique_ptr<ElementPass> prepared_pass(TileAt tile_at,
                                                           const std::vector<std::uint64_t>& cuts) const {
    if (!method.needs_survey(context())) return method.coefficients(context());
    ScopeContext scope;
    scope.name = context().name;
    scope.tensors = {context()};
    scope.memory_bytes = std::uint64_t{1} << 20;
    const auto survey = method.survey(scope);
    stats::LocalReducer reducer;
    const std::uint64_t elements = models.front().size();
    for (Reading reading = survey->next(); reading != Reading::nothing; reading = survey->next()) {
      if (reading == Reading::ranges) {
        for (const ElementRange& range : survey->ranges()) survey->take(0, tile_at(range.first, range.count));
      } else if (reading == Reading::everything && !cuts.empty()) {
        for (std::uint64_t first = 0; const std::uint64_t end : cuts) {
          survey->take(0, tile_at(first, end - first));
          first = end;
        }
      } else {
        for (std::uint64_t leaf = 0; leaf * leaf_elements < elements; ++leaf) {
          if (reading == Reading::sample && leaf != sampled_leaf(leaf / sampling_window)) continue;
          const std::uint64_t first = leaf * leaf_elements;
          survey->take(0, tile_at(first, std::min(leaf_elements, elements - first)));
        }
      }
      survey->end_round(reducer);
    }
    return survey->coefficients(0);
  }

  static std::uint64_t width(DType dtype) { return static_cast<std::uint64_t>(bytes(dtype)); }
  static std::vector<std::byte> store(DType dtype, const std::vector<double>& values) {
    std::vector<std::byte> out(values.size() * width(dtype));
    for (std::size_t i = 0; i < values.size(); ++i) store_rounded(dtype, out.data(), i, values[i]);
    return out;
  }
  static std::vector<double> load(DType dtype, const std::vector<std::byte>& bytes) {
    std::vector<double> out(bytes.size() / width(dtype));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = load_as_double(dtype, bytes.data(), i);
    return out;
  }
};

/// Values of both signs over several magnitudes, exact in `dtype`.
inline std::vector<double> random_values(DType dtype, std::uint64_t elements, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::vector<double> values(elements);
  for (double& value : values) {
    value = std::ldexp(static_cast<double>(generator() >> 11) * 0x1p-52 - 1.0,
                       static_cast<int>(generator() % 6) - 3);
  }
  return MethodRun::load(dtype, MethodRun::store(dtype, values));
}

/// Defaults; 1 for a factor of each model and 0.5 for a number that a recipe must give.
inline ParameterValues plain_parameters(const recipe::MethodSchema& schema, std::size_t models) {
  ParameterValues values;
  for (const recipe::ParameterSpec& parameter : schema.parameters) {
    if (parameter.kind == recipe::ParameterKind::choice) {
      values.words[parameter.name] = parameter.choices.front();
    } else if (parameter.per_model) {
      std::optional<double> value = parameter.default_value;
      if (!value && !parameter.optional) value = 1.0;
      values.per_model[parameter.name].assign(models, value);
    } else if (!parameter.optional) {
      values.shared[parameter.name] = parameter.default_value.value_or(0.5);
    }
  }
  if (schema.takes_examples) values.per_model["examples"].assign(models, 10.0);
  return values;
}

/// Ingredients to test a method with: three where it takes as many, the anchor apart.
inline std::size_t ingredients(const recipe::MethodSchema& schema) {
  const std::size_t anchors = schema.has_anchor() ? 1 : 0;
  return schema.maximum_models == 0 ? 3 : std::min<std::size_t>(3, schema.maximum_models - anchors);
}

}  // namespace stockpot::method
