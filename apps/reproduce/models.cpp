#include "models.hpp"

#include <fmt/format.h>

#include <functional>

#include "model_files.hpp"
#include "random_stream.hpp"
#include "sharing.hpp"
#include "stockpot/probe/mlp.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::uint64_t multitask_number = constituent_cells;  ///< numbers below are the cells'

void train_anchor(const SeedCase& seed, Effort effort) {
  const Examples data = clean_examples(seed.splits, Split::pretraining);
  write_model(seed.anchor(), probe::train(probe::open_mlp, probe::initial_mlp(mlp_widths(), seed.seed),
                                          data.batch(), anchor_training(effort, seed.seed))
                                 .parameters);
}

void fine_tune(const SeedCase& seed, const Examples& data, std::uint64_t number,
               const std::filesystem::path& out, Effort effort) {
  write_model(out, probe::train(probe::open_mlp, read_model(seed.anchor()), data.batch(),
                                fine_tuning(effort, seed.seed, number))
                       .parameters);
}

void train_constituent(const SeedCase& seed, std::size_t cell, Effort effort) {
  const Examples data = seed.examples(cell, Split::training);
  write_data(seed.data(cell), data);
  fine_tune(seed, data, cell, seed.model(cell), effort);
}

void train_multitask(const SeedCase& seed, Effort effort) {
  Examples all;
  for (std::size_t cell = 0; cell < held_in_cells; ++cell) all.append(seed.examples(cell, Split::training));
  fine_tune(seed, all, multitask_number, seed.multitask(), effort);
}

}  // namespace

SeedCase::SeedCase(std::uint64_t seed_, const std::filesystem::path& out)
    : seed(seed_),
      folder(out / fmt::format("seed-{}", seed_)),
      cells(reproduce::cells(seed_)),
      splits(seed_) {}

std::filesystem::path SeedCase::model(std::size_t cell) const {
  return folder / cells[cell].name();
}

std::filesystem::path SeedCase::data(std::size_t cell) const {
  return folder / (cells[cell].name() + "-training.h5");
}

Examples SeedCase::examples(std::size_t cell, Split split) const {
  return examples_of(cells[cell], seed, splits, split);
}

std::vector<std::size_t> drawn_cells(std::uint64_t seed, std::size_t count, std::size_t draw) {
  const std::vector<std::size_t> order =
      RandomStream(seed, "numbers of models").permutation(constituent_cells);
  const std::size_t first = draw * constituent_cells / draws_per_count;
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < count; ++i) drawn.push_back(order[(first + i) % constituent_cells]);
  return drawn;
}

void train_models(comm::Communicator& world, const std::vector<SeedCase>& seeds, Effort effort) {
  std::vector<std::function<void()>> anchors;
  std::vector<std::function<void()>> others;
  for (const SeedCase& seed : seeds) anchors.emplace_back([&] { train_anchor(seed, effort); });
  // The longest first, so that ranks end at about the same time.
  for (const SeedCase& seed : seeds) others.emplace_back([&] { train_multitask(seed, effort); });
  for (const SeedCase& seed : seeds) {
    for (std::size_t cell = 0; cell < constituent_cells; ++cell) {
      others.emplace_back([&seed, cell, effort] { train_constituent(seed, cell, effort); });
    }
  }
  share_out(world, "pretraining", anchors);
  share_out(world, "fine-tuning", others);
}

}  // namespace stockpot::reproduce
