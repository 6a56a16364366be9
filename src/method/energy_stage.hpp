#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "method/finding_words.hpp"
#include "method/survey_stage.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {

/// Weighs each model by its share of the energies: the mean square over the scope of what is kept of its task
/// vector. All weigh the same where the energies sum to less than `least_energy` or to 0.
/// @pre rules keep by bits that are the same for every model, if they drop anything
class EnergyStage : public SurveyStage {
 public:
  EnergyStage(const ScopeContext& scope, double least_energy);

  [[nodiscard]] Reading next() const override { return weights_ ? Reading::nothing : Reading::everything; }
  void take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>& rules) override;
  /// Throws Error{input} on every rank where the energies are not finite.
  void end_round(stats::Reducer& reducer) override;
  std::vector<std::uint64_t> findings() const override {
    std::vector<std::uint64_t> words;
    put_words(words, *weights_);
    return words;
  }
  std::size_t finding_words() const override { return models_; }
  void adopt(std::span<const std::uint64_t> findings) override { weights_ = take_numbers(findings); }
  void refine(std::size_t tensor, std::vector<SparseRule>& rules) const override;
  void report(Diagnostics& diagnostics) const override { diagnostics["weights"] = *weights_; }

 private:
  std::string scope_name_;
  std::vector<std::uint64_t> first_leaf_;
  std::uint64_t elements_;
  std::size_t models_;
  double least_energy_;
  std::mutex mutex_;
  LeafSums sums_;  ///< by model
  std::optional<Numbers> weights_;
};

}  // namespace stockpot::method
