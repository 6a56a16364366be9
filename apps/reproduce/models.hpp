#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "cells.hpp"
#include "splits.hpp"
#include "stockpot/comm/communicator.hpp"
#include "training_plan.hpp"

namespace stockpot::reproduce {

/// One seed of the study: its data, and where its files lie.
struct SeedCase {
  SeedCase(std::uint64_t seed_, const std::filesystem::path& out);

  std::uint64_t seed = 0;
  std::filesystem::path folder;
  std::vector<Cell> cells;
  Splits splits;

  [[nodiscard]] std::filesystem::path anchor() const { return folder / "pretrained"; }
  [[nodiscard]] std::filesystem::path multitask() const { return folder / "multitask"; }
  /// Of the model that was fine-tuned on a cell, and of its training data.
  [[nodiscard]] std::filesystem::path model(std::size_t cell) const;
  [[nodiscard]] std::filesystem::path data(std::size_t cell) const;

  [[nodiscard]] Examples examples(std::size_t cell, Split split) const;
};

/// Cells 0 to held_in_cells - 1, a diagonal, are those of the constituents; the first constituent_cells have
/// models; the others are never trained on.
inline constexpr std::size_t held_in_cells = domain_count;
inline constexpr std::size_t constituent_cells = 3 * domain_count;

/// `count` of the first constituent_cells cells, in a random order that depends on the seed; draws 0, 1 and 2
/// begin at other places of it. @pre count <= constituent_cells
inline constexpr std::size_t draws_per_count = 3;
std::vector<std::size_t> drawn_cells(std::uint64_t seed, std::size_t count, std::size_t draw);

/// Collective. Trains every seed's anchor, the models of its first cells from it, and one multitask model on
/// the data of all held-in cells, each model on one rank, and writes them with the cells' training data.
/// Results do not depend on the number of ranks. Every rank sees the same folder.
void train_models(comm::Communicator& world, const std::vector<SeedCase>& seeds, Effort effort);

}  // namespace stockpot::reproduce
