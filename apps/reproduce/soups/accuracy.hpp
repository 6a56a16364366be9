#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cells.hpp"
#include "corruptions.hpp"
#include "results.hpp"
#include "soups/case.hpp"
#include "stockpot/comm/communicator.hpp"

namespace stockpot::reproduce {

/// Shares of images that are classified as they should be.
struct Accuracy {
  double validation = 0;
  double id = 0;   ///< of the test images as they are
  double ood = 0;  ///< of the test images, mean over all corruptions
};

/// The images of a seed that models are judged by.
class TestSets {
 public:
  explicit TestSets(const SoupCase& seed);

  static constexpr std::size_t count = 2 + all_corruptions.size();
  /// Validation images, test images, test images after each corruption.
  [[nodiscard]] const Examples& at(std::size_t set) const { return sets_.at(set); }

 private:
  std::array<Examples, count> sets_;
};

/// Something that classifies images: the share of them that it gets right. Local; called on one rank.
using Subject = std::function<double(const Examples&)>;
Subject model_subject(const std::filesystem::path& model);
/// The mean of these models' logits.
Subject logits_subject(const std::vector<std::filesystem::path>& models);

/// Collective. Every subject on every set, shared out to ranks; the same on every rank, whatever their
/// number.
std::vector<Accuracy> judge(comm::Communicator& world, const TestSets& sets,
                            const std::vector<Subject>& subjects);

/// Mean over subjects. @pre not empty
Accuracy mean(const std::vector<Accuracy>& accuracies);

}  // namespace stockpot::reproduce
