// Micro-benchmarks of the task-vector family.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "kernel_cases.hpp"
#include "stockpot/kernel/nearswap.hpp"
#include "stockpot/kernel/ownership.hpp"
#include "stockpot/kernel/selection.hpp"
#include "stockpot/kernel/task_vectors.hpp"

namespace stockpot::bench {
namespace {

using kernel::TypedInput;

/// K models around an anchor; about a fifth of the entries is above the threshold.
struct Models {
  Models(DType dtype, std::size_t count) : type(dtype), anchor(random_tile(dtype, 99)) {
    for (std::size_t i = 0; i < count; ++i) tiles.push_back(random_tile(dtype, static_cast<unsigned>(i)));
    std::mt19937_64 generator(7);
    for (std::uint64_t word = 0; word < tile_elements / 64; ++word) mask.push_back(generator());
  }

  [[nodiscard]] TypedInput base() const { return {type, anchor.data()}; }
  [[nodiscard]] std::vector<TypedInput> inputs() const {
    std::vector<TypedInput> list;
    for (const std::vector<std::byte>& tile : tiles) list.push_back({type, tile.data()});
    return list;
  }
  [[nodiscard]] std::vector<kernel::SparsePart> parts(bool thresholds, bool masks) const {
    std::vector<kernel::SparsePart> list;
    for (const TypedInput& input : inputs()) {
      list.push_back({.input = input, .weight = 0.3 + 0.1 * static_cast<double>(list.size())});
      if (thresholds) list.back().least = 0.036;
      if (masks) list.back().keep = mask.data();
      if (masks) list.back().factor = 1.9;
    }
    return list;
  }

  DType type;
  std::vector<std::vector<std::byte>> tiles;
  std::vector<std::byte> anchor;
  std::vector<std::uint64_t> mask;
};

void count_elements(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tile_elements));
}

struct Case {
  std::string name;
  DType type;
  std::size_t models;
  kernel::TaskVectorForm form;
  bool thresholds;
  bool masks;
};

void combine(benchmark::State& state, const Case& setup) {
  const Models models(setup.type, setup.models);
  const std::vector<kernel::SparsePart> parts = models.parts(setup.thresholds, setup.masks);
  std::vector<std::byte> output = random_tile(setup.type, 100);
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel::combine_task_vectors(setup.form, parts, models.base(),
                                                          {setup.type, output.data()}, tile_elements));
    benchmark::ClobberMemory();
  }
  count_elements(state);
}

void sign_balance(benchmark::State& state) {
  const Models models(DType::bf16, 3);
  const std::vector<kernel::SparsePart> parts = models.parts(true, false);
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel::sign_balance(parts, models.base(), tile_elements));
  }
  count_elements(state);
}

void magnitudes(benchmark::State& state) {
  const Models models(DType::bf16, 1);
  std::vector<double> keys(tile_elements);
  for (auto _ : state) {
    kernel::magnitudes(models.inputs()[0], models.base(), tile_elements, keys.data());
    benchmark::ClobberMemory();
  }
  count_elements(state);
}

void variances(benchmark::State& state) {
  const Models models(DType::bf16, 3);
  const std::vector<TypedInput> inputs = models.inputs();
  std::vector<double> keys(tile_elements);
  for (auto _ : state) {
    kernel::variances(inputs, models.base(), tile_elements, keys.data());
    benchmark::ClobberMemory();
  }
  count_elements(state);
}

/// A bracket around the middle that holds `share` of the keys.
void count_bracket(benchmark::State& state, double share) {
  const Models models(DType::bf16, 1);
  std::vector<double> keys(tile_elements);
  kernel::magnitudes(models.inputs()[0], models.base(), tile_elements, keys.data());
  std::vector<double> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = [&](double quantile) { return sorted[static_cast<std::size_t>(quantile * 32767.0)]; };
  const kernel::Bracket bracket{rank(0.5 - share / 2.0), rank(0.5 + share / 2.0)};
  std::vector<double> candidates(tile_elements);
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel::count_bracket(keys, bracket, candidates.data()));
    benchmark::ClobberMemory();
  }
  count_elements(state);
}

void combine_owned(benchmark::State& state) {
  const Models models(DType::bf16, 3);
  std::vector<kernel::OwningPart> parts;
  for (const TypedInput& input : models.inputs()) parts.push_back({input, 1.1});
  std::vector<std::byte> output = random_tile(DType::bf16, 100);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        kernel::combine_owned(parts, models.base(), 0.02, {DType::bf16, output.data()}, tile_elements));
    benchmark::ClobberMemory();
  }
  count_elements(state);
}

void nearswap(benchmark::State& state) {
  const Models models(DType::bf16, 1);
  std::vector<std::byte> output = random_tile(DType::bf16, 100);
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel::nearswap(0.01, models.inputs()[0], models.base(),
                                              {DType::bf16, output.data()}, tile_elements));
    benchmark::ClobberMemory();
  }
  count_elements(state);
}

}  // namespace

void register_task_vectors() {
  using kernel::Divisor;
  using kernel::Election;
  const kernel::TaskVectorForm sum{.lambda = 0.7};
  const kernel::TaskVectorForm ties{.election = Election::weighted,
                                    .divisor_rule = Divisor::contributing_weights};
  const kernel::TaskVectorForm dare_ties{.election = Election::weighted};
  const kernel::TaskVectorForm paper{.election = Election::unweighted,
                                     .divisor_rule = Divisor::contributing_weights};
  std::vector<Case> cases;
  for (const DType type : {DType::bf16, DType::f32}) {
    for (const std::size_t models : {3u, 8u, 24u}) {
      const std::string prefix = std::string(name(type)) + "/K=" + std::to_string(models);
      cases.push_back({prefix + "/task_arithmetic", type, models, sum, false, false});
      cases.push_back({prefix + "/dare_linear", type, models, sum, false, true});
      cases.push_back({prefix + "/dare_ties", type, models, dare_ties, false, true});
      cases.push_back({prefix + "/ties", type, models, ties, true, false});
      cases.push_back({prefix + "/ties_and_mask", type, models, ties, true, true});
      cases.push_back({prefix + "/paper_ties", type, models, paper, true, false});
    }
  }
  for (const Case& setup : cases) {
    benchmark::RegisterBenchmark(("task_vectors/" + setup.name).c_str(), combine, setup);
  }
  benchmark::RegisterBenchmark("sign_balance/BF16/K=3", sign_balance);
  benchmark::RegisterBenchmark("magnitudes/BF16", magnitudes);
  benchmark::RegisterBenchmark("variances/BF16/K=3", variances);
  benchmark::RegisterBenchmark("count_bracket/1%", count_bracket, 0.01);
  benchmark::RegisterBenchmark("count_bracket/50%", count_bracket, 0.5);
  benchmark::RegisterBenchmark("combine_owned/BF16/K=3", combine_owned);
  benchmark::RegisterBenchmark("nearswap/BF16", nearswap);
}

}  // namespace stockpot::bench
