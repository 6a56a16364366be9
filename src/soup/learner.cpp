#include "soup/learner.hpp"

#include <algorithm>
#include <numeric>

#include "stockpot/probe/training.hpp"

namespace stockpot::soup {
namespace {

probe::Parameters initial(std::size_t rows, std::size_t models) {
  const double share = 1.0 / static_cast<double>(models);
  return {{"alpha", {rows, models}, std::vector<double>(rows * models, share)}, {"beta", {}, {1.0}}};
}

probe::TrainingOptions optimiser(const recipe::Search& search) {
  probe::TrainingOptions options;
  options.weight_decay = search.weight_decay;
  if (!search.learn_temperature) options.frozen = {"beta"};
  return options;
}

}  // namespace

Learner::Learner(const recipe::Search& search, std::uint64_t seed, std::size_t rows, std::size_t models,
                 std::uint64_t examples)
    : learning_rate_(search.learning_rate),
      shuffle_(search.shuffle),
      seed_(seed),
      batch_size_(search.batch_size == 0 ? examples : std::min(search.batch_size, examples)),
      steps_per_epoch_((examples - 1) / batch_size_ + 1),
      steps_(search.epochs * steps_per_epoch_),
      parameters_(initial(rows, models)),
      adam_(parameters_, optimiser(search)),
      order_(examples) {
  begin_epoch();
}

void Learner::begin_epoch() {
  if (shuffle_) {
    order_ = probe::training_order(seed_, step_ / steps_per_epoch_, order_.size());
  } else {
    std::iota(order_.begin(), order_.end(), std::uint64_t{0});
  }
}

LearnedParameters Learner::parameters() const {
  return {.alpha = parameters_[0].values, .beta = parameters_[1].values.front()};
}

std::span<const std::uint64_t> Learner::batch() const {
  const std::uint64_t first = step_ % steps_per_epoch_ * batch_size_;
  return std::span(order_).subspan(first, std::min<std::uint64_t>(batch_size_, order_.size() - first));
}

void Learner::take(const LearnedGradient& gradient) {
  adam_.step(parameters_, {{"alpha", parameters_[0].shape, gradient.alpha}, {"beta", {}, {gradient.beta}}},
             learning_rate_);
  ++step_;
  if (!is_over() && step_ % steps_per_epoch_ == 0) begin_epoch();
}

}  // namespace stockpot::soup
