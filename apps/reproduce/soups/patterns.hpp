#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "soups/case.hpp"

/// First layers as pictures: each row of [rows, image_pixels] weights as an image of the same form as the
/// digits, in grey.
namespace stockpot::reproduce {

/// 0 (black) for -1 and below, 255 (white) for 1 and above, in proportion between them; 0 is 128.
std::uint8_t grey(double value);

/// A picture as a Netpbm file (P5): images side by side, row by row, at most 16 in one, each pixel a square
/// of 4 x 4, one black line around every image. What isn't an image is black. @pre rows.size() is a multiple
/// of image_pixels, above 0
std::string picture(std::span<const double> rows);

/// Writes first layers, of a fine-tuned model and one with its own initialisation (`single.pgm`,
/// `single_independent.pgm`) and of the averages of their kind that `add_ensembles` left (`average_same.pgm`,
/// `average_independent.pgm`), and `class_means.pgm`, the mean training image of every class. Local.
void write_patterns(const SoupCase& seed, const std::filesystem::path& folder);

}  // namespace stockpot::reproduce
