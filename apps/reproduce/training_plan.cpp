#include "training_plan.hpp"

#include "augmentation.hpp"
#include "cells.hpp"
#include "random_stream.hpp"

namespace stockpot::reproduce {

namespace {

std::vector<ImageChange> all_domains() {
  std::vector<ImageChange> changes;
  for (std::size_t d = 0; d < domain_count; ++d) {
    changes.emplace_back(
        [domain = static_cast<Domain>(d)](const Image& image, const RandomStream& noise,
                                          std::uint64_t place) { return show(domain, image, noise, place); });
  }
  return changes;
}

}  // namespace

const std::vector<std::uint64_t>& mlp_widths() {
  static const std::vector<std::uint64_t> widths{64, 128, 64, 10};
  return widths;
}

const std::vector<std::string>& head_tensors() {
  static const std::vector<std::string> names{"layers.2.weight", "layers.2.bias"};
  return names;
}

probe::TrainingOptions anchor_training(Effort effort, std::uint64_t seed) {
  probe::TrainingOptions options;
  options.epochs = effort == Effort::full ? 2 : 1;
  options.batch_size = 16;
  options.learning_rate = 2e-3;
  options.seed = seed;
  options.augment = changed_somehow(all_domains(), RandomStream(seed, "pretraining domain"),
                                    RandomStream(seed, "pretraining noise"));
  return options;
}

probe::TrainingOptions fine_tuning(Effort effort, std::uint64_t seed, std::uint64_t task) {
  probe::TrainingOptions options;
  options.epochs = effort == Effort::full ? 30 : 2;
  options.batch_size = 16;
  options.learning_rate = 1e-3;
  options.schedule = probe::Schedule::cosine;
  options.seed = RandomStream(seed, "fine-tuning").bits(task);
  options.frozen = head_tensors();
  return options;
}

}  // namespace stockpot::reproduce
