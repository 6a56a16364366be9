#pragma once

#include <filesystem>
#include <string>

#include "engine/job.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::engine {

/// Copies tokenizer, generation and other files beside the weights from the models that this rank holds:
/// called by every rank, as only the first one of a column need see its models.
void copy_companions(const std::filesystem::path& folder, const recipe::Recipe& recipe, const Job& job,
                     int rank);

/// Writes the rest of a Hugging Face folder but the weights: index, config.json, model card, recipe. Called
/// by one rank.
void write_model_folder(const std::filesystem::path& folder, const recipe::Recipe& recipe, const Job& job);

/// The model card: front matter and sections that mergekit's users know; no date, host or rank count.
std::string model_card(const recipe::Recipe& recipe, const plan::ModelSet& models);

}  // namespace stockpot::engine
