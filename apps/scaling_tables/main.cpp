#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <initializer_list>
#include <string>
#include <vector>

#include "study.hpp"

/// Prints the tables of docs/scaling.md as Markdown: shapes of real models, the plan's own forecast, and the
/// cost model on the machine that the first lines state. Reads nothing; the same on every machine.
namespace stockpot::scaling {
namespace {

using plan::GridShape;
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

struct Recipe {
  const char* name;
  const char* text;  ///< without its models
};
const char* const mean = "merge_method: uniform_soup";
const char* const trimmed = "merge_method: ties\nbase_model: base\nparameters: {weight: 0.5, density: 0.2}";
const Recipe methods[] = {
    {"mean", mean},
    {"task arithmetic", "merge_method: task_arithmetic\nbase_model: base\nparameters: {weight: 0.5}"},
    {"Model Stock", "merge_method: model_stock\nbase_model: base"},
    {"TIES", trimmed}};

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
      "{} ranks of {} threads on each node. Shared storage {:g} GB/s for all nodes together, where nothing "
      "else is said; each node: "
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

/// Shared storage of a small and of a large site.
constexpr std::initializer_list<double> site_bandwidths = {100e9, 1000e9};

std::string describe(GridShape grid) {
  return fmt::format("{}x{}", grid.rows, grid.columns);
}

/// Time, what bounds it, and the speed-up against the first line, whose time is kept in `first_seconds`.
std::string outcome(const plan::Prediction& prediction, double& first_seconds) {
  if (first_seconds == 0.0) first_seconds = prediction.seconds();
  return fmt::format("{:.2f} | {} | {:.1f}", prediction.seconds(), plan::name(prediction.bound),
                     first_seconds / prediction.seconds());
}

void print_shared() {
  fmt::print(
      "### Strong scaling, models on shared storage\n\n"
      "| model | models | nodes | grid | network (s) | compute (s) | storage of 100 GB/s: time (s) | bound | "
      "speed-up | storage of 1000 GB/s: time (s) | bound | speed-up |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Architecture& architecture : studied) {
    for (const std::size_t models : {8U, 72U}) {
      const Study study(mean, architecture.tensors(), models);
      std::vector<double> first_seconds(site_bandwidths.size(), 0.0);
      for (const std::uint64_t nodes : node_counts) {
        std::string line;
        for (std::size_t site = 0; site < site_bandwidths.size(); ++site) {
          plan::Machine machine = machine_of(nodes, Storage::shared);
          machine.storage_bandwidth = site_bandwidths.begin()[site];
          const plan::GridCandidate best = study.recommend(nodes * ranks_per_node, machine).best;
          if (site == 0) {
            line = fmt::format("| {} | {} | {} | {} | {:.2f} | {:.2f} |", architecture.name, models, nodes,
                               describe(best.grid), best.prediction.of(Resource::network),
                               best.prediction.of(Resource::compute));
          }
          line += fmt::format(" {} |", outcome(best.prediction, first_seconds[site]));
        }
        fmt::print("{}\n", line);
      }
    }
  }
  fmt::print("\n");
}

void print_local_head() {
  fmt::print(
      "| model | models | nodes | grid | copies | exchanged (TB) | storage (s) | network (s) | disks (s) | "
      "compute (s) | time (s) | bound | speed-up |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
}

void print_local(const char* name, const Study& study, std::size_t models, std::uint64_t nodes,
                 double& first_seconds) {
  const plan::GridCandidate best =
      study.recommend(nodes * ranks_per_node, machine_of(nodes, Storage::node_local)).best;
  const plan::Prediction& prediction = best.prediction;
  fmt::print("| {} | {} | {} | {} | {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {} |\n", name, models,
             nodes, describe(best.grid), best.copies, static_cast<double>(best.exchanged_bytes) * 1e-12,
             prediction.of(Resource::storage), prediction.of(Resource::network),
             prediction.of(Resource::disk), prediction.of(Resource::compute),
             outcome(prediction, first_seconds));
}

void print_local() {
  fmt::print("### Strong scaling, models on node-local storage\n\n");
  print_local_head();
  for (const Architecture& architecture : studied) {
    for (const std::size_t models : {8U, 72U}) {
      const Study study(mean, architecture.tensors(), models);
      double first_seconds = 0.0;
      for (const std::uint64_t nodes : node_counts) {
        print_local(architecture.name, study, models, nodes, first_seconds);
      }
    }
  }
  fmt::print("\n");
}

void print_weak() {
  fmt::print("### Weak scaling: as many models as nodes, one on each node's disks\n\n");
  print_local_head();
  double first_seconds = 0.0;
  for (const std::uint64_t nodes : node_counts) {
    const Study study(mean, architectures::llama_3_70b(), nodes);
    print_local("Llama-3-70B", study, nodes, nodes, first_seconds);
  }
  fmt::print("\n");
}

void print_methods() {
  constexpr std::uint64_t nodes = 64;
  fmt::print(
      "### What methods cost: 8 models of Llama-3.1-405B (and the base model) on {} nodes\n\n"
      "| method | read (TB) | shared storage of 100 GB/s: time (s) | node-local: grid | copies | exchanged "
      "(TB) | time (s) | bound |\n|---|---|---|---|---|---|---|---|\n",
      nodes);
  for (const auto& [name, recipe] : methods) {
    const Study study(recipe, architectures::llama_3_1_405b(), 8);
    const auto on = [&study](Storage storage) {
      return study.recommend(nodes * ranks_per_node, machine_of(nodes, storage)).best;
    };
    const plan::GridCandidate shared = on(Storage::shared);
    const plan::GridCandidate local = on(Storage::node_local);
    fmt::print("| {} | {:.2f} | {:.2f} | {} | {} | {:.2f} | {:.2f} | {} |\n", name,
               study.read_bytes(nodes * ranks_per_node) * 1e-12, shared.prediction.seconds(),
               describe(local.grid), local.copies, static_cast<double>(local.exchanged_bytes) * 1e-12,
               local.prediction.seconds(), plan::name(local.prediction.bound));
  }
}

}  // namespace
}  // namespace stockpot::scaling

int main() {
  using namespace stockpot;
  try {
    scaling::print_machine();
    scaling::print_shapes();
    scaling::print_shared();
    scaling::print_local();
    scaling::print_weak();
    scaling::print_methods();
  } catch (const std::exception& error) {
    fmt::print(stderr, "scaling_tables: {}\n", error.what());
    return 1;
  }
  return 0;
}
