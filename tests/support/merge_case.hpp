#pragma once

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <random>

#include "support/output_tensors.hpp"

namespace stockpot::test {

/// A merge of the linear family together with what must come out, computed here one element at a time from
/// the stated expressions: every operation in double, sums in recipe order, one rounding.
struct MergeCase {
  std::string method;
  std::vector<CheckpointBuilder> models;  ///< the base model first, where there is one
  std::vector<double> weights;            ///< by model without the base
  bool normalize = true;
  double lambda = 1.0;
  std::optional<DType> out_dtype;

  [[nodiscard]] bool has_base() const { return method == "task_arithmetic"; }

  /// Checkpoints m0, m1, ... in the folder, and the recipe that merges them.
  [[nodiscard]] std::string write(const std::filesystem::path& folder, std::uint64_t shard_bytes) const {
    std::string text = "merge_method: " + method + "\n";
    if (has_base()) text += "base_model: @/m0\n";
    if (method == "task_arithmetic") {
      text += fmt::format("parameters: {{normalize: {}, lambda: {:.17g}}}\n", normalize, lambda);
    }
    if (method == "linear") text += fmt::format("parameters: {{normalize: {}}}\n", normalize);
    if (out_dtype) text += fmt::format("out_dtype: {}\n", torch_name(*out_dtype));
    text += "models:\n";
    for (std::size_t m = 0; m < models.size(); ++m) {
      models[m].write(folder / ("m" + std::to_string(m)), shard_bytes);
      text += fmt::format("  - model: \"@/m{}\"\n", m);
      if (has_base() && m == 0) continue;
      const double weight = weights[m - (has_base() ? 1 : 0)];
      if (method == "weighted") text += fmt::format("    examples: {:.17g}\n", weight);
      if (method == "linear" || method == "task_arithmetic") {
        text += fmt::format("    parameters: {{weight: {:.17g}}}\n", weight);
      }
      if (method == "passthrough") text += fmt::format("    parameters: {{scale: {:.17g}}}\n", weight);
    }
    return text;
  }

  [[nodiscard]] double element(const std::vector<double>& x, double base) const {
    if (method == "passthrough") return weights[0] * x[0];
    double sum = 0.0;
    double divisor = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double weight = method == "uniform_soup" ? 1.0 : weights[i];
      const double term = weight * (has_base() ? x[i] - base : x[i]);
      sum = i == 0 ? term : sum + term;
      divisor = i == 0 ? weight : divisor + weight;
    }
    const bool divides = method == "uniform_soup" || method == "weighted" || normalize;
    if (has_base()) return base + lambda * (divides && std::abs(divisor) >= 1e-8 ? sum / divisor : sum);
    return divides ? sum / divisor : sum;
  }

  [[nodiscard]] DType dtype_of(const CheckpointBuilder::Tensor& tensor) const {
    if (out_dtype) return *out_dtype;
    return is_output(tensor.dtype) ? tensor.dtype : DType::bf16;
  }

  [[nodiscard]] OutputTensors expected() const {
    OutputTensors tensors;
    for (const auto& [name, tensor] : models.front().tensors()) {
      if (!is_mergeable(tensor.dtype)) {
        tensors[name] = {tensor.dtype, tensor.shape, tensor.bytes};
        continue;
      }
      std::vector<std::vector<double>> values;
      for (const CheckpointBuilder& model : models) values.push_back(model.values(name));
      const std::vector<double> base = values.front();
      if (has_base()) values.erase(values.begin());
      std::vector<double> merged(base.size());
      std::vector<double> x(values.size());
      for (std::size_t e = 0; e < merged.size(); ++e) {
        for (std::size_t i = 0; i < values.size(); ++i) x[i] = values[i][e];
        merged[e] = element(x, base[e]);
      }
      tensors[name] = {dtype_of(tensor), tensor.shape, encode(dtype_of(tensor), merged)};
    }
    return tensors;
  }
};

/// A recipe's text with `@` replaced by a folder.
inline std::string in_folder(std::string text, const std::filesystem::path& folder) {
  for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at)) {
    text.replace(at, 1, folder.string());
  }
  return text;
}

/// Random bytes that are finite numbers of the dtype, spread over many magnitudes.
inline std::vector<std::byte> random_floats(DType dtype, std::uint64_t elements, std::mt19937_64& generator) {
  const auto width = static_cast<std::size_t>(bytes(dtype));
  std::vector<std::byte> out(elements * width);
  for (std::uint64_t i = 0; i < elements; ++i) {
    const double magnitude = std::ldexp(1.0, static_cast<int>(generator() % 12) - 8);
    const double value = magnitude * (static_cast<double>(generator() >> 11) * 0x1p-52 - 1.0);
    if (is_output(dtype)) {
      store_rounded(dtype, out.data(), i, value);
      continue;
    }
    do {
      out[i] = static_cast<std::byte>(generator() & 0xff);
    } while (!std::isfinite(load_as_double(dtype, out.data(), i)));
  }
  return out;
}

/// A random merge: any method of the family, dtype by tensor and model, odd shapes, scalars, empty tensors,
/// integer buffers. With `large` one tensor is longer than a digest block, so that ranks share it.
inline MergeCase random_case(std::uint64_t seed, bool large) {
  std::mt19937_64 generator(seed);
  const auto below = [&generator](std::uint64_t bound) { return generator() % bound; };
  const std::vector<std::string> methods{"linear", "uniform_soup", "weighted", "task_arithmetic",
                                         "passthrough"};
  const std::vector<DType> floats{DType::bf16, DType::f16,     DType::f32,
                                  DType::f64,  DType::f8_e4m3, DType::f8_e5m2};
  MergeCase merge;
  merge.method = methods[seed % methods.size()];
  merge.normalize = below(2) == 0;
  merge.lambda = 0.25 + 0.1 * static_cast<double>(below(20));
  if (below(2) == 0) merge.out_dtype = floats[below(4)];
  const std::uint64_t ingredients = merge.method == "passthrough" ? 1 : 2 + below(3);
  for (std::uint64_t i = 0; i < ingredients; ++i) {
    merge.weights.push_back(merge.method == "weighted" ? static_cast<double>(1 + below(1000))
                                                       : 0.1 + 0.3 * static_cast<double>(below(7)));
  }
  merge.models.resize(ingredients + (merge.has_base() ? 1 : 0));

  std::map<std::string, Shape> shapes{{"model.embed.weight", {17, 13}},
                                      {"model.norm.weight", {1 + below(200)}},
                                      {"scalar", {}},
                                      {"empty.weight", {3, 0, 5}}};
  for (std::uint64_t layer = 0; layer < 3; ++layer) {
    const std::string prefix = fmt::format("model.layers.{}.", layer);
    shapes[prefix + "mlp.weight"] = {1 + below(97), 1 + below(89)};
    shapes[prefix + "conv.weight"] = {1 + below(5), 1 + below(5), 3, 3};
  }
  if (large) shapes["model.layers.1.huge.weight"] = {3, 1'500'001};
  for (const auto& [name, shape] : shapes) {
    const bool varies = below(3) == 0;
    DType dtype = name.find("huge") != std::string::npos ? DType::bf16 : floats[below(floats.size())];
    for (CheckpointBuilder& model : merge.models) {
      model.add_raw(name, dtype, shape, random_floats(dtype, element_count(shape).value(), generator));
      if (varies && name.find("huge") == std::string::npos) dtype = floats[below(floats.size())];
    }
  }
  for (CheckpointBuilder& model : merge.models) {
    model.add_random("model.position_ids", DType::i64, {1, 77}, seed)
        .add("flag", DType::boolean, {3}, {1, 0, 1});
  }
  return merge;
}

}  // namespace stockpot::test
