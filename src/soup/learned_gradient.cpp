#include "soup/learned_gradient.hpp"

#include <algorithm>
#include <cmath>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/ordered_reduction.hpp"
#include "stockpot/kernel/weighted_sums.hpp"

namespace stockpot::soup {
namespace {

constexpr std::uint64_t block_examples = 64;

/// Sums over the examples of a block: loss, d loss / d beta, d loss / d coefficients.
class BlockSums {
 public:
  BlockSums(const Mixture& mixture, const probe::Probe& probe, const probe::Batch& data, double beta)
      : mixture_(mixture), probe_(probe), data_(data), beta_(beta) {}

  [[nodiscard]] std::vector<double> of(std::span<const std::uint64_t> chosen) {
    const probe::Batch block = gather(chosen);
    const std::uint64_t classes = probe_.shape().classes;
    logits_.resize(block.examples * classes);
    probe_.logits(block, logits_);
    std::vector<double> sums(2 + mixture_.rows() * mixture_.models());
    for (std::uint64_t e = 0; e < block.examples; ++e) {
      add_example(std::span(logits_).subspan(e * classes, classes), block.labels[e], sums);
    }
    probe::Parameters gradient;
    probe_.add_pullback(block, logits_, gradient);
    mixture_.add_products(gradient, std::span(sums).subspan(2));
    return sums;
  }

 private:
  /// Copies of the examples, next to each other.
  probe::Batch gather(std::span<const std::uint64_t> chosen) {
    const std::size_t elements = data_.inputs.size() / data_.examples;
    inputs_.clear();
    labels_.clear();
    for (const std::uint64_t example : chosen) {
      const auto from = data_.inputs.subspan(example * elements, elements);
      inputs_.insert(inputs_.end(), from.begin(), from.end());
      labels_.push_back(data_.labels[example]);
    }
    return {.first_example = 0, .examples = chosen.size(), .inputs = inputs_, .labels = labels_};
  }
  /// Replaces one row of logits by d loss / d logits.
  void add_example(std::span<double> row, std::int64_t label, std::vector<double>& sums) {
    scaled_.assign(row.size(), 0.0);
    kernel::add_weighted(row, beta_, scaled_);
    sums[0] += probe::score(scaled_, label).loss;
    probe::softmax(scaled_);
    scaled_[static_cast<std::size_t>(label)] -= 1;
    for (std::size_t c = 0; c < row.size(); ++c) {
      sums[1] += scaled_[c] * row[c];
      row[c] = beta_ * scaled_[c];
    }
  }

  const Mixture& mixture_;
  const probe::Probe& probe_;
  const probe::Batch& data_;
  double beta_;
  std::vector<double> inputs_;
  std::vector<std::int64_t> labels_;
  std::vector<double> logits_;
  std::vector<double> scaled_;
};

void require_finite(const std::vector<double>& sums) {
  if (std::all_of(sums.begin(), sums.end(), [](double sum) { return std::isfinite(sum); })) return;
  throw Error(ExitCode::input, "the loss of the learned soup, or its gradient, is not finite");
}

}  // namespace

LearnedGradient learned_gradient(comm::Communicator& world, const Mixture& mixture,
                                 const probe::ProbeOpener& open, const probe::Batch& data,
                                 std::span<const std::uint64_t> chosen, const LearnedParameters& at) {
  const std::vector<double> coefficients = softmax_rows(at.alpha, mixture.models());
  const std::uint64_t blocks = (chosen.size() + block_examples - 1) / block_examples;
  const auto rank = static_cast<std::uint64_t>(world.rank());
  const auto ranks = static_cast<std::uint64_t>(world.size());
  LeafSums sums(blocks, 2 + at.alpha.size());
  comm::agree_after(world, "gradient", [&] {
    const std::unique_ptr<probe::Probe> probe = open(mixture.combine(coefficients));
    probe::check_batch(data, probe->shape(), true);
    BlockSums of_block(mixture, *probe, data, at.beta);
    for (std::uint64_t block = blocks * rank / ranks; block < blocks * (rank + 1) / ranks; ++block) {
      const std::uint64_t first = block * block_examples;
      sums.add(block, of_block.of(chosen.subspan(first, std::min(block_examples, chosen.size() - first))));
    }
  });
  std::vector<double> total = comm::reduce_leaves(world, sums, "gradient");
  require_finite(total);
  kernel::divide(total, static_cast<double>(chosen.size()));
  return {.loss = total[0],
          .alpha = pull_through_softmax(coefficients, std::span(total).subspan(2), mixture.models()),
          .beta = total[1]};
}

}  // namespace stockpot::soup
