#pragma once

#include <functional>
#include <vector>

#include "digits.hpp"
#include "random_stream.hpp"
#include "stockpot/probe/training.hpp"

namespace stockpot::reproduce {

/// Another view of an image; what is random about it comes from the numbers at `place` and after.
using ImageChange = std::function<Image(const Image& image, const RandomStream& stream, std::uint64_t place)>;

/// For TrainingOptions::augment: each image in each epoch as it is or after one of the changes, all as
/// likely.
std::function<void(std::uint64_t epoch, std::uint64_t example, std::span<double> pixels)> changed_somehow(
    std::vector<ImageChange> changes, RandomStream choice, RandomStream stream);

}  // namespace stockpot::reproduce
