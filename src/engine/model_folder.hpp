#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "stockpot/plan/merge_plan.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::engine {

/// Names and contents of small files.
using TextFiles = std::vector<std::pair<std::string, std::string>>;

/// Tokenizer, generation and other files beside the weights, of the models that this rank holds: every rank
/// is asked, as only the first one of a column need see its models.
TextFiles read_companions(const recipe::Recipe& recipe, const plan::MergePlan& plan,
                          const plan::ModelSet& models, int rank);
void write_companions(const std::filesystem::path& folder, const TextFiles& files, bool durable);

/// What loaders need beside the weights: index and config.json. Called by one rank.
void write_checkpoint_files(const std::filesystem::path& folder, const plan::MergePlan& plan,
                            const plan::ModelSet& models, bool durable);

/// Model card and recipe. Called by one rank.
void write_card(const std::filesystem::path& folder, const recipe::Recipe& recipe,
                const plan::ModelSet& models, bool durable);

/// The model card: front matter and sections that mergekit's users know; no date, host or rank count.
std::string model_card(const recipe::Recipe& recipe, const plan::ModelSet& models);

}  // namespace stockpot::engine
