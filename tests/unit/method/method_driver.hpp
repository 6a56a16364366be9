#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "stockpot/base/error.hpp"
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
  [[nodiscard]] std::vector<std::byte> run(const std::vector<std::uint64_t>& cuts = {}) const {
    if (!method.needs_survey(context())) return applied(*method.coefficients(context()), cuts);
    const auto survey = begin_survey();
    complete(*survey, cuts);
    return applied(*survey->coefficients(0), cuts);
  }

  [[nodiscard]] std::unique_ptr<Survey> begin_survey() const {
    ScopeContext scope;
    scope.name = context().name;
    scope.tensors = {context()};
    scope.memory_bytes = std::uint64_t{1} << 20;
    return method.survey(scope);
  }

  /// Shows a survey all that it asks for, in tiles of leaves or, with a method that works on rows, that end
  /// at `cuts`.
  void complete(Survey& survey, std::vector<std::uint64_t> cuts = {}) const {
    Tiles tiles(*this);
    stats::LocalReducer reducer;
    const std::uint64_t elements = models.front().size();
    cuts.push_back(elements);
    for (Reading reading = survey.next(); reading != Reading::nothing; reading = survey.next()) {
      if (reading == Reading::ranges) {
        for (const ElementRange& range : survey.ranges()) survey.take(0, tiles.at(range.first, range.count));
      } else if (reading == Reading::everything && method.row_elements(context()) > 1) {
        for (std::uint64_t first = 0; const std::uint64_t end : cuts) {
          survey.take(0, tiles.at(first, end - first));
          first = end;
        }
      } else {
        for (std::uint64_t leaf = 0; leaf * leaf_elements < elements; ++leaf) {
          if (reading == Reading::sample && leaf != sampled_leaf(leaf / sampling_window)) continue;
          const std::uint64_t first = leaf * leaf_elements;
          survey.take(0, tiles.at(first, std::min(leaf_elements, elements - first)));
        }
      }
      survey.end_round(reducer);
    }
  }

  /// What an apply step makes of the whole tensor, in tiles that end at `cuts`.
  [[nodiscard]] std::vector<std::byte> applied(const ElementPass& pass,
                                               std::vector<std::uint64_t> cuts = {}) const {
    Tiles tiles(*this);
    cuts.push_back(models.front().size());
    for (std::uint64_t first = 0; const std::uint64_t end : cuts) {
      pass.apply(tiles.at(first, end - first));
      first = end;
    }
    return tiles.output();
  }

  /// The tensor as it is stored, and tiles of it. A tile is valid until the next one.
  class Tiles {
   public:
    explicit Tiles(const MethodRun& run)
        : input_dtype_(run.input_dtype),
          output_dtype_(run.output_dtype),
          elements_(run.models.front().size()),
          row_(std::max<std::uint64_t>(1, run.method.row_elements(run.context()))),
          output_(elements_ * width(output_dtype_)),
          inputs_(run.models.size()) {
      for (const auto& model : run.models) stored_.push_back(store(input_dtype_, model));
      if (!run.anchor.empty()) stored_.push_back(store(input_dtype_, run.anchor));
    }

    [[nodiscard]] Tile at(std::uint64_t first, std::uint64_t count) {
      Tile tile;
      tile.first = first;
      tile.count = count;
      tile.before = first % row_;
      tile.after = std::min((row_ - (first + count) % row_) % row_, elements_ - (first + count));
      // What lies outside the tile's rows must not be looked at.
      const std::uint64_t begin = (first - tile.before) * width(input_dtype_);
      const std::uint64_t covered = (tile.before + count + tile.after) * width(input_dtype_);
      shown_.clear();
      for (const auto& whole : stored_) {
        const auto from = whole.begin() + static_cast<std::ptrdiff_t>(begin);
        shown_.emplace_back(from, from + static_cast<std::ptrdiff_t>(covered));
      }
      for (std::size_t i = 0; i < inputs_.size(); ++i) inputs_[i] = {input_dtype_, shown_[i].data()};
      tile.inputs = inputs_;
      if (shown_.size() > inputs_.size()) tile.anchor = {input_dtype_, shown_.back().data()};
      tile.output = {output_dtype_, output_.data() + first * width(output_dtype_)};
      return tile;
    }
    [[nodiscard]] const std::vector<std::byte>& output() const { return output_; }

   private:
    DType input_dtype_;
    DType output_dtype_;
    std::uint64_t elements_;
    std::uint64_t row_;
    std::vector<std::byte> output_;
    std::vector<kernel::TypedInput> inputs_;
    std::vector<std::vector<std::byte>> stored_;  ///< models, then the anchor if there is one
    std::vector<std::vector<std::byte>> shown_;
  };

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

/// What the run says as it refuses parameters.
inline std::string refusal_of(const MethodRun& run) {
  try {
    static_cast<void>(run.run());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "no error";
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

/// Of the whole output, as doubles.
inline std::vector<double> result(const MethodRun& run) {
  return MethodRun::load(run.output_dtype, run.run());
}

}  // namespace stockpot::method
