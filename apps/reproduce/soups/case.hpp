#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "splits.hpp"
#include "training_plan.hpp"

namespace stockpot::reproduce {

/// What models are trained for.
enum class Pool : std::uint8_t {
  alike,       ///< fine-tuned from the anchor with one setting (E1, E7)
  gentle,      ///< the same, with a low learning rate and images as they are (E1's caveat)
  varied,      ///< fine-tuned from the anchor, each with its own hyperparameters (E2, E6)
  independent  ///< trained from their own initialisation, on the same images (E7)
};
std::string_view name(Pool pool);
/// How many models a pool has; the varied ones are several times `soup_models`, each its own repetition.
std::size_t size(Pool pool, Effort effort);
inline constexpr std::size_t soup_models = 20;

/// One seed of the study: its images, and where its files lie.
struct SoupCase {
  SoupCase(std::uint64_t seed_, const std::filesystem::path& out);

  std::uint64_t seed = 0;
  std::filesystem::path folder;
  Splits splits;

  [[nodiscard]] std::filesystem::path anchor() const { return folder / "anchor"; }
  [[nodiscard]] std::filesystem::path model(Pool pool, std::size_t number) const;
  /// Models first, ..., first + count - 1 of a pool.
  [[nodiscard]] std::vector<std::filesystem::path> models(Pool pool, std::size_t first,
                                                          std::size_t count) const;
  /// Data that searches choose by.
  [[nodiscard]] std::filesystem::path validation_data() const { return folder / "validation.h5"; }
  [[nodiscard]] std::filesystem::path merged(const std::string& what) const {
    return folder / "merged" / what;
  }
};

}  // namespace stockpot::reproduce
