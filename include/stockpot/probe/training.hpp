#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "stockpot/probe/probe.hpp"

namespace stockpot::probe {

enum class Schedule : std::uint8_t {
  constant,
  cosine  ///< learning_rate * (1 + cos(pi * step / steps)) / 2, steps counted from 0 over all epochs
};

/// Adam with decoupled weight decay (AdamW, Loshchilov and Hutter), on the mean loss of each batch.
struct TrainingOptions {
  std::uint64_t epochs = 10;
  std::uint64_t batch_size = 32;  ///< the last batch of an epoch may be smaller; 0: all examples in one
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::constant;
  double weight_decay = 0;
  /// Share of the target that is spread over all classes (Szegedy et al.): (1 - s) of the label + s / classes
  /// of each. The history's losses are those of the labels.
  double label_smoothing = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  std::uint64_t seed = 0;
  bool shuffle = true;
  std::vector<std::string> frozen = {};  ///< names of tensors that keep their values
  /// Changes an example's inputs (a copy) before it is used; must depend on its arguments alone.
  std::function<void(std::uint64_t epoch, std::uint64_t example, std::span<double> inputs)> augment = {};
};

struct EpochRecord {
  double loss = 0;  ///< means over the epoch's examples, each seen before the step of its batch
  double accuracy = 0;
};

struct TrainingResult {
  Parameters parameters;
  std::vector<EpochRecord> history;  ///< one per epoch
};

/// Trains from `initial`. Local, one thread; the same bits for the same arguments (on one CPU type, see the
/// backend). Epoch e takes the examples in the order of 64-bit random keys, words 2i and 2i + 1 of
/// `kernel::random_key(seed, "", "training order")` with i = e * examples + example; equal keys by example.
/// Throws Error{usage} for options out of range and frozen names that don't exist, Error{input} for data that
/// don't fit, for none, and for a loss that is no longer finite.
TrainingResult train(const ProbeOpener& open, Parameters initial, const Batch& data,
                     const TrainingOptions& options);

/// The order of one epoch, as `train` takes it.
std::vector<std::uint64_t> training_order(std::uint64_t seed, std::uint64_t epoch, std::uint64_t examples);

}  // namespace stockpot::probe
