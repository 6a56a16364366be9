#pragma once

#include <filesystem>
#include <vector>

#include "soups/accuracy.hpp"

namespace stockpot::reproduce {

/// Which layer turns the mean of several models' last hidden activations into logits.
enum class Head : std::uint8_t {
  first,  ///< the last layer of the first model
  mean    ///< the mean of all models' last layers
};

/// The logits that `head` makes of the mean of the models' last hidden activations (sums in the models'
/// order, divided by their number). @pre mlps, all of one shape
Subject features_subject(const std::vector<std::filesystem::path>& models, Head head);

}  // namespace stockpot::reproduce
