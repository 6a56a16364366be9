#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <initializer_list>

#include "study.hpp"

/// Prints the tables of docs/scaling.md as Markdown: shapes of real models, the plan's own forecast, and the
/// cost model on the machine that the first lines state. Reads nothing; the same on every machine.
namespace stockpot::scaling {
namespace {

using plan::Resource;
using plan::Storage;

constexpr std::uint64_t ranks_per_node = 4;
constexpr int threads_per_rank = 16;
constexpr std::initializer_list<std::uint64_t> node_counts = {8, 64, 256, 1024};

struct Architecture {
  const char* name;
  architectures::Tensors (*tensors)();
};
constexpr Architecture studied[] = {{"Llama-3-70B", architectures::llama_3_70b},
                                    {"Llama-3.1-405B", architectures::llama_3_1_405b},
                                    {"Kimi-K2 (1T)", architectures::kimi_k2}};
constexpr Architecture others[] = {{"Mixtral-8x22B", architectures::mixtral_8x22b},
                                   {"DeepSeek-V3", architectures::deepseek_v3}};

const char* const mean = "merge_method: uniform_soup";
const char* const trimmed = "merge_method: ties\nbase_model: m0\nparameters: {weight: 0.5, density: 0.2}";

plan::Machine machine_of(std::uint64_t nodes, Storage storage) {
  plan::Machine machine;
  machine.nodes = nodes;
  machine.threads_per_rank = threads_per_rank;
  machine.storage = storage;
  return machine;
}

void print_machine() {
  const plan::Machine machine;
  fmt::print(
      "{} ranks of {} threads on each node. Shared storage {:g} GB/s for all nodes together; each node: "
      "network {:g} GB/s in each direction, local disks {:g} GB/s; each thread merges {:g} GB/s of "
      "input.\n\n",
      ranks_per_node, threads_per_rank, machine.storage_bandwidth * 1e-9, machine.node_bandwidth * 1e-9,
      machine.disk_bandwidth * 1e-9, machine.merge_bandwidth * 1e-9);
}

void print_shape(const Architecture& architecture) {
  const architectures::Tensors tensors = architecture.tensors();
  const double billions = static_cast<double>(architectures::parameters(tensors)) * 1e-9;
  fmt::print("| {} | {:.1f} | {} ", architecture.name, billions, tensors.size());
  for (const char* const recipe : {mean, trimmed}) {
    const Study study(recipe, tensors, 3);
    for (const std::uint64_t ranks : {8U, 64U, 256U, 1024U}) {
      fmt::print("| {:.2f} ", 100.0 * study.plan(ranks).imbalance);
    }
  }
  fmt::print("|\n");
}

void print_shapes() {
  fmt::print(
      "### Shapes, and imbalance in percent of a mean and of TIES on 8, 64, 256 and 1024 ranks\n\n"
      "| model | parameters (1e9) | tensors | mean: 8 | 64 | 256 | 1024 | TIES: 8 | 64 | 256 | 1024 |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Architecture& architecture : studied) print_shape(architecture);
  for (const Architecture& architecture : others) print_shape(architecture);
  fmt::print("\n");
}

/// One line of a table; `first_seconds`, of the smallest machine, is set by its line and measures the others.
void print_line(const char* name, std::size_t models, std::uint64_t nodes, const plan::GridChoice& choice,
                double& first_seconds) {
  const plan::GridCandidate& best = choice.best;
  const plan::Prediction& prediction = best.prediction;
  if (first_seconds == 0.0) first_seconds = prediction.seconds();
  fmt::print("| {} | {} | {} | {}x{} ", name, models, nodes, best.grid.rows, best.grid.columns);
  if (choice.machine.storage == Storage::node_local) fmt::print("| {} ", best.copies);
  fmt::print("| {:.2f} | {:.1f} | {:.1f} ", static_cast<double>(best.exchanged_bytes) * 1e-12,
             prediction.of(Resource::storage), prediction.of(Resource::network));
  if (choice.machine.storage == Storage::node_local) fmt::print("| {:.1f} ", prediction.of(Resource::disk));
  fmt::print("| {:.1f} | {:.1f} s: {} | {:.1f} |\n", prediction.of(Resource::compute), prediction.seconds(),
             plan::name(prediction.bound), first_seconds / prediction.seconds());
}

void print_head(Storage storage) {
  if (storage == Storage::shared) {
    fmt::print(
        "| model | models | nodes | grid | exchanged (TB) | storage (s) | network (s) | compute (s) | "
        "time and bound | speed-up |\n|---|---|---|---|---|---|---|---|---|---|\n");
  } else {
    fmt::print(
        "| model | models | nodes | grid | copies | exchanged (TB) | storage (s) | network (s) | "
        "disks (s) | compute (s) | time and bound | speed-up |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  }
}

void print_strong(Storage storage) {
  fmt::print("### Strong scaling, models on {} storage\n\n",
             storage == Storage::shared ? "shared" : "node-local");
  print_head(storage);
  for (const Architecture& architecture : studied) {
    const architectures::Tensors tensors = architecture.tensors();
    for (const std::size_t models : {8U, 72U}) {
      const Study study(mean, tensors, models);
      double first_seconds = 0.0;
      for (const std::uint64_t nodes : node_counts) {
        print_line(architecture.name, models, nodes,
                   study.recommend(nodes * ranks_per_node, machine_of(nodes, storage)), first_seconds);
      }
    }
  }
  fmt::print("\n");
}

void print_weak() {
  fmt::print("### Weak scaling: as many models as nodes, one on each node's disks\n\n");
  print_head(Storage::node_local);
  double first_seconds = 0.0;
  for (const std::uint64_t nodes : node_counts) {
    const Study study(mean, architectures::llama_3_70b(), nodes);
    print_line("Llama-3-70B", nodes, nodes,
               study.recommend(nodes * ranks_per_node, machine_of(nodes, Storage::node_local)),
               first_seconds);
  }
  fmt::print("\n");
}

}  // namespace
}  // namespace stockpot::scaling

int main() {
  using namespace stockpot;
  try {
    scaling::print_machine();
    scaling::print_shapes();
    scaling::print_strong(plan::Storage::shared);
    scaling::print_strong(plan::Storage::node_local);
    scaling::print_weak();
  } catch (const std::exception& error) {
    fmt::print(stderr, "scaling_tables: {}\n", error.what());
    return 1;
  }
  return 0;
}
