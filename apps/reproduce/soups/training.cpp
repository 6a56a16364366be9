#include "soups/training.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <span>

#include "augmentation.hpp"
#include "cells.hpp"
#include "corruptions.hpp"
#include "model_files.hpp"
#include "sharing.hpp"
#include "stockpot/probe/mlp.hpp"

namespace stockpot::reproduce {
namespace {

constexpr std::array all_pools{Pool::alike, Pool::gentle, Pool::varied, Pool::independent};
/// What fine-tuned models see beside images as they are.
constexpr std::array mild_corruptions{Corruption::noise, Corruption::drop};

std::string purpose(Pool pool, std::size_t number, std::string_view what) {
  return fmt::format("{} {} {}", name(pool), number, what);
}

std::vector<ImageChange> changes(std::span<const Corruption> corruptions) {
  std::vector<ImageChange> result;
  for (const Corruption corruption : corruptions) {
    result.emplace_back([corruption](const Image& image, const RandomStream& stream, std::uint64_t place) {
      return corrupt(corruption, image, stream, place);
    });
  }
  return result;
}

/// Learning rate, epochs, batch size, weight decay and label smoothing at random.
void vary(probe::TrainingOptions& options, const RandomStream& stream) {
  constexpr std::array<std::uint64_t, 3> batch_sizes{16, 32, 64};
  options.learning_rate = std::pow(10.0, -3.7 + 1.8 * stream.unit(0));
  options.epochs = 10 + static_cast<std::uint64_t>(31 * stream.unit(1));
  options.batch_size = batch_sizes[static_cast<std::size_t>(batch_sizes.size() * stream.unit(2))];
  options.weight_decay = std::pow(10.0, -4 + 3 * stream.unit(3));
  options.label_smoothing = 0.2 * stream.unit(4);
}

probe::Parameters start(const SoupCase& seed, Pool pool, std::size_t number) {
  if (pool != Pool::independent) return read_model(seed.anchor());
  return probe::initial_mlp(mlp_widths(), RandomStream(seed.seed, "independent initialisation").bits(number));
}

/// Independent models see all images that the anchor and the fine-tuned ones saw.
Examples training_data(const SoupCase& seed, Pool pool) {
  Examples data = clean_examples(seed.splits, Split::training);
  if (pool == Pool::independent) data.append(clean_examples(seed.splits, Split::pretraining));
  return data;
}

void train_one(const SoupCase& seed, Pool pool, std::size_t number, Effort effort) {
  const Examples data = training_data(seed, pool);
  write_model(seed.model(pool, number), probe::train(probe::open_mlp, start(seed, pool, number), data.batch(),
                                                     pool_training(pool, effort, seed.seed, number))
                                            .parameters);
}

void train_anchor(const SoupCase& seed, Effort effort) {
  const Examples data = clean_examples(seed.splits, Split::pretraining);
  const std::uint64_t initial = RandomStream(seed.seed, "anchor's initialisation").bits(0);
  write_model(seed.anchor(), probe::train(probe::open_mlp, probe::initial_mlp(mlp_widths(), initial),
                                          data.batch(), soup_anchor_training(effort, seed.seed))
                                 .parameters);
  write_data(seed.validation_data(), clean_examples(seed.splits, Split::validation));
}

}  // namespace

probe::TrainingOptions soup_anchor_training(Effort effort, std::uint64_t seed) {
  probe::TrainingOptions options;
  options.epochs = effort == Effort::full ? 12 : 1;
  options.batch_size = 16;
  options.learning_rate = 2e-3;
  options.seed = seed;
  options.augment = changed_somehow(changes(all_corruptions), RandomStream(seed, "anchor's corruptions"),
                                    RandomStream(seed, "anchor's corruption"));
  return options;
}

probe::TrainingOptions pool_training(Pool pool, Effort effort, std::uint64_t seed, std::size_t number) {
  probe::TrainingOptions options;
  options.epochs = 40;
  options.batch_size = 16;
  options.learning_rate = 1e-2;
  options.schedule = probe::Schedule::cosine;
  options.seed = RandomStream(seed, purpose(pool, number, "order")).bits(0);
  if (pool == Pool::gentle) options.learning_rate = 1e-3;
  if (pool == Pool::independent) options.learning_rate = 2e-3;
  if (pool == Pool::varied) vary(options, RandomStream(seed, purpose(pool, number, "hyperparameters")));
  if (pool == Pool::alike) {
    options.augment =
        changed_somehow(changes(mild_corruptions), RandomStream(seed, purpose(pool, number, "corruptions")),
                        RandomStream(seed, purpose(pool, number, "corruption")));
  }
  if (effort == Effort::quick) options.epochs = 1;
  return options;
}

void train_pools(comm::Communicator& world, const std::vector<SoupCase>& seeds, Effort effort) {
  std::vector<std::function<void()>> anchors;
  std::vector<std::function<void()>> others;
  for (const SoupCase& seed : seeds) {
    anchors.emplace_back([&] { train_anchor(seed, effort); });
    for (const Pool pool : all_pools) {
      for (std::size_t number = 0; number < size(pool, effort); ++number) {
        others.emplace_back([&seed, pool, number, effort] { train_one(seed, pool, number, effort); });
      }
    }
  }
  share_out(world, "pretraining", anchors);
  share_out(world, "fine-tuning", others);
}

}  // namespace stockpot::reproduce
