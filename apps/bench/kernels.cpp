// Micro-benchmarks of the arithmetic that every byte of a merge passes through. Tiles fit the second-level
// cache, as the engine's do. STOCKPOT_SIMD chooses the instruction set; rates are bytes read and written,
// elements made.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel_cases.hpp"
#include "stockpot/base/digest.hpp"
#include "stockpot/kernel/gram.hpp"
#include "stockpot/kernel/linear_form.hpp"
#include "stockpot/kernel/random.hpp"
#include "stockpot/kernel/sums.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace {

using stockpot::DType;
using stockpot::kernel::LinearForm;
using stockpot::kernel::TypedInput;

using stockpot::bench::random_tile;
using stockpot::bench::tile_elements;

struct Case {
  std::string name;
  std::vector<DType> inputs;
  DType output;
  bool divides = false;
  bool task_vectors = false;
};

void linear_form(benchmark::State& state, const Case& setup) {
  LinearForm form;
  std::vector<std::vector<std::byte>> tiles;
  std::vector<TypedInput> inputs;
  for (const DType dtype : setup.inputs) {
    form.weights.push_back(0.3 + 0.1 * static_cast<double>(inputs.size()));
    tiles.push_back(random_tile(dtype, static_cast<unsigned>(tiles.size())));
    inputs.push_back({dtype, tiles.back().data()});
  }
  const std::vector<std::byte> anchor = random_tile(setup.inputs.front(), 99);
  if (setup.divides) form.divisor = 1.7;
  if (setup.task_vectors) {
    form.task_vectors = true;
    form.scale = 0.7;
    form.anchor_weight = 1.0;
  }
  std::vector<std::byte> output = random_tile(setup.output, 100);
  for (auto _ : state) {
    benchmark::DoNotOptimize(stockpot::kernel::linear_form(
        form, inputs, {setup.inputs.front(), anchor.data()}, {setup.output, output.data()}, tile_elements));
    benchmark::ClobberMemory();
  }
  std::uint64_t bytes = output.size() + (setup.task_vectors ? anchor.size() : 0);
  for (const std::vector<std::byte>& tile : tiles) bytes += tile.size();
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tile_elements));
}

void convert(benchmark::State& state, DType from, DType to) {
  const std::vector<std::byte> input = random_tile(from, 1);
  std::vector<std::byte> output = random_tile(to, 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        stockpot::kernel::convert({from, input.data()}, {to, output.data()}, tile_elements));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size() + output.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tile_elements));
}

/// Two columns of a grid: the first starts the running sums, the second adds and finishes.
void running_sum(benchmark::State& state, DType dtype) {
  const LinearForm form{.weights = {0.3, 0.4}, .divisor = 1.7, .anchor_weight = {}};
  const std::array<std::vector<std::byte>, 2> tiles{random_tile(dtype, 1), random_tile(dtype, 2)};
  const std::array<TypedInput, 2> inputs{{{dtype, tiles[0].data()}, {dtype, tiles[1].data()}}};
  std::vector<std::byte> output = random_tile(dtype, 3);
  std::vector<double> sums(tile_elements);
  for (auto _ : state) {
    stockpot::kernel::add_to_running_sum(form, 0, std::span(inputs).first(1), {}, sums);
    stockpot::kernel::add_to_running_sum(form, 1, std::span(inputs).last(1), {}, sums);
    benchmark::DoNotOptimize(stockpot::kernel::finish_running_sum(form, sums, {}, {dtype, output.data()}));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tile_elements));
}

void count_nonfinite(benchmark::State& state, DType dtype) {
  const std::vector<std::byte> input = random_tile(dtype, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(stockpot::kernel::count_nonfinite({dtype, input.data()}, tile_elements));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tile_elements));
}

/// Leaf by leaf. Products counted are those of the triangle, two operations each.
void gram(benchmark::State& state, const std::vector<DType>& dtypes, bool anchored) {
  std::vector<std::vector<std::byte>> tiles;
  for (const DType dtype : dtypes) tiles.push_back(random_tile(dtype, static_cast<unsigned>(tiles.size())));
  const std::vector<std::byte> anchor = random_tile(dtypes.front(), 99);
  std::vector<double> sums(stockpot::kernel::gram_width(dtypes.size()));
  for (auto _ : state) {
    for (std::uint64_t begin = 0; begin < tile_elements; begin += stockpot::leaf_elements) {
      const auto at = [begin](DType dtype, const std::vector<std::byte>& tile) {
        return TypedInput{dtype, tile.data() + begin * static_cast<std::uint64_t>(stockpot::bytes(dtype))};
      };
      std::vector<TypedInput> inputs;
      for (std::size_t i = 0; i < dtypes.size(); ++i) inputs.push_back(at(dtypes[i], tiles[i]));
      stockpot::kernel::gram(inputs, anchored ? at(dtypes.front(), anchor) : TypedInput{},
                             stockpot::leaf_elements, sums);
      benchmark::DoNotOptimize(sums.data());
      benchmark::ClobberMemory();
    }
  }
  const std::int64_t elements = state.iterations() * static_cast<std::int64_t>(tile_elements);
  state.SetItemsProcessed(elements);
  state.counters["operations"] = benchmark::Counter(
      2.0 * static_cast<double>(elements) * static_cast<double>(sums.size()), benchmark::Counter::kIsRate);
}

void absolute_sum(benchmark::State& state) {
  const std::vector<double> values(stockpot::leaf_elements, -0.5);
  for (auto _ : state) benchmark::DoNotOptimize(stockpot::kernel::absolute_sum(values));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}

void sum_of_products(benchmark::State& state) {
  const std::vector<double> values(stockpot::leaf_elements, -0.5);
  for (auto _ : state) benchmark::DoNotOptimize(stockpot::kernel::sum_of_products(values, values));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
}

void random_keep_bits(benchmark::State& state) {
  std::vector<std::uint64_t> bits(tile_elements / 64);
  const stockpot::kernel::RandomKey key = stockpot::kernel::random_key(1, "model", "tensor");
  const std::uint64_t threshold = stockpot::kernel::keep_threshold(0.3);
  for (auto _ : state) {
    stockpot::kernel::random_keep_bits(key, 1, tile_elements, threshold, bits.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tile_elements));
}

void random_words(benchmark::State& state) {
  std::vector<std::uint32_t> words(tile_elements);
  const stockpot::kernel::RandomKey key = stockpot::kernel::random_key(1, "model", "tensor");
  for (auto _ : state) {
    stockpot::kernel::random_words(key, 0, words);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tile_elements));
}

void register_grams() {
  for (const DType dtype : {DType::bf16, DType::f32}) {
    const std::string type(stockpot::name(dtype));
    for (const std::size_t models : {1u, 2u, 3u, 4u, 16u, 32u}) {
      const std::string name = "gram/" + type + "/K=" + std::to_string(models);
      benchmark::RegisterBenchmark(name.c_str(), gram, std::vector(models, dtype), false);
      benchmark::RegisterBenchmark((name + "/anchor").c_str(), gram, std::vector(models, dtype), true);
    }
  }
  benchmark::RegisterBenchmark("gram/BF16,F32,F16", gram, std::vector{DType::bf16, DType::f32, DType::f16},
                               false);
}

void digest(benchmark::State& state) {
  const std::vector<std::byte> tile = random_tile(DType::bf16, 1);
  for (auto _ : state) benchmark::DoNotOptimize(stockpot::digest_of(std::span(tile)));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(tile.size()));
}

void register_linear_forms() {
  std::vector<Case> cases;
  for (const DType dtype : {DType::bf16, DType::f16, DType::f32, DType::f64}) {
    const std::string type(stockpot::name(dtype));
    for (const std::size_t models : {1u, 2u, 3u, 8u, 24u}) {
      const std::string name = type + "/K=" + std::to_string(models);
      cases.push_back({name + "/sum", std::vector(models, dtype), dtype});
      cases.push_back({name + "/mean", std::vector(models, dtype), dtype, true});
    }
    cases.push_back({type + "/K=3/task_vectors", std::vector(3, dtype), dtype, false, true});
    cases.push_back({type + "/K=3/task_vectors_mean", std::vector(3, dtype), dtype, true, true});
  }
  cases.push_back({"BF16->F32/K=3/mean", std::vector(3, DType::bf16), DType::f32, true});
  cases.push_back({"F32->BF16/K=3/mean", std::vector(3, DType::f32), DType::bf16, true});
  cases.push_back({"F8_E4M3->BF16/K=3/mean", std::vector(3, DType::f8_e4m3), DType::bf16, true});
  cases.push_back({"BF16,F32,F16->BF16/mean", {DType::bf16, DType::f32, DType::f16}, DType::bf16, true});
  for (const Case& setup : cases) {
    benchmark::RegisterBenchmark(("linear_form/" + setup.name).c_str(), linear_form, setup);
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_linear_forms();
  stockpot::bench::register_task_vectors();
  benchmark::RegisterBenchmark("convert/BF16->F32", convert, DType::bf16, DType::f32);
  benchmark::RegisterBenchmark("convert/F32->BF16", convert, DType::f32, DType::bf16);
  benchmark::RegisterBenchmark("convert/F16->BF16", convert, DType::f16, DType::bf16);
  benchmark::RegisterBenchmark("convert/BF16->BF16", convert, DType::bf16, DType::bf16);
  benchmark::RegisterBenchmark("running_sum/BF16/K=1+1", running_sum, DType::bf16);
  benchmark::RegisterBenchmark("count_nonfinite/BF16", count_nonfinite, DType::bf16);
  benchmark::RegisterBenchmark("count_nonfinite/F32", count_nonfinite, DType::f32);
  register_grams();
  benchmark::RegisterBenchmark("absolute_sum", absolute_sum);
  benchmark::RegisterBenchmark("sum_of_products", sum_of_products);
  benchmark::RegisterBenchmark("random_keep_bits", random_keep_bits);
  benchmark::RegisterBenchmark("random_words", random_words);
  benchmark::RegisterBenchmark("digest/64KiB", digest);
  benchmark::AddCustomContext("instruction_set", stockpot::kernel::instruction_set());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
