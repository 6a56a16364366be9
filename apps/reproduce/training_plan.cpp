#include "training_plan.hpp"

#include <algorithm>

#include "cells.hpp"
#include "random_stream.hpp"

namespace stockpot::reproduce {

namespace {

/// Each image in each epoch as it is or in a domain, all as likely.
void show_somehow(const RandomStream& choice, const RandomStream& noise, std::uint64_t place,
                  std::span<double> pixels) {
  const auto domain = static_cast<std::size_t>(choice.unit(place) * (domain_count + 1));
  if (domain == domain_count) return;
  Image image{};
  std::copy(pixels.begin(), pixels.end(), image.begin());
  image = show(static_cast<Domain>(domain), image, noise, place * image_pixels);
  std::copy(image.begin(), image.end(), pixels.begin());
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
  options.augment = [choice = RandomStream(seed, "pretraining domain"),
                     noise = RandomStream(seed, "pretraining noise")](
                        std::uint64_t epoch, std::uint64_t example, std::span<double> pixels) {
    show_somehow(choice, noise, epoch * digits().size() + example, pixels);
  };
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
