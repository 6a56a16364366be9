#pragma once

#include <filesystem>
#include <string>

#include "engine/job.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::engine {

/// Writes everything of a Hugging Face folder but the weights: index, config.json, tokenizer and generation
/// files, model card, recipe. Called by one rank.
void write_model_folder(const std::filesystem::path& folder, const recipe::Recipe& recipe, const Job& job);

/// The model card: front matter and sections that mergekit's users know; no date, host or rank count.
std::string model_card(const recipe::Recipe& recipe, const plan::ModelSet& models);

}  // namespace stockpot::engine
