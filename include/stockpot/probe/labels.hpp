#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// Classification by logits: what every backend means by loss, accuracy and a label drawn from the model.
namespace stockpot::probe {

/// Whose gradient a Fisher diagonal squares: every label weighted by its probability, one label drawn from
/// the model, or the true label.
enum class LabelMode : std::uint8_t { exact, sampled, empirical };

/// "exact", "sampled", "empirical", as files and options write it.
std::string_view name(LabelMode mode);
/// Inverse of `name`.
std::optional<LabelMode> label_mode_from_name(std::string_view name);

/// Replaces one row of logits by probabilities: exp(z - max) over their sum, added from class 0 on. No
/// overflow for finite logits.
void softmax(std::span<double> row);

struct Score {
  double loss = 0;       ///< -log p(label), as log(sum exp(z - max)) - (z[label] - max)
  bool correct = false;  ///< label is the argmax, of equal logits the lowest class
};
/// Of one row of logits. @pre 0 <= label < logits.size()
Score score(std::span<const double> logits, std::int64_t label);

/// The label of one example drawn from its probabilities: the first class whose cumulative probability
/// (summed from class 0 on) exceeds u, a multiple of 2^-53 made of words 2 * example and 2 * example + 1 of
/// `kernel::random_key(seed, "", "sampled labels")`, high bits first. A rounded sum that stays below u gives
/// the last class of probability above 0. So a label depends on the seed, the example's place in the data and
/// the probabilities alone. @pre not empty
std::int64_t draw_label(std::uint64_t seed, std::uint64_t example, std::span<const double> probabilities);

}  // namespace stockpot::probe
