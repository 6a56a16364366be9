#include "method/della_survey.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "method/finding_words.hpp"
#include "method/l1_factor.hpp"
#include "method/row_blocks.hpp"
#include "stockpot/kernel/sums.hpp"

namespace stockpot::method {
namespace {

/// The parts of whole blocks; buffers are kept between them. Of one thread.
class BlockParts {
 public:
  explicit BlockParts(const DellaTensor& tensor)
      : tensor_(tensor), bits_(tensor.rules.size()), divisors_(tensor.rules.size()) {}

  /// Elements [first, first + count) of model `i`: its rule, valid until the same model's next call.
  kernel::SparsePart part(const Tile& tile, std::size_t i, std::uint64_t first, std::uint64_t count) {
    const DellaRule& rule = tensor_.rules[i];
    const std::uint64_t at = first - (tile.first - tile.before);
    kernel::SparsePart part{.input = skip(tile.inputs[i], at), .weight = rule.weight, .factor = rule.factor};
    if (!rule.keep) return part;
    bits_[i].resize((count + 63) / 64);
    if (tensor_.divides) divisors_[i].resize(count);
    double* const divisors = tensor_.divides ? divisors_[i].data() : nullptr;
    rule.keep->fill(part.input, skip(tile.anchor, at), first, count, bits_[i].data(), divisors, scratch_);
    part.keep = bits_[i].data();
    part.divisors = divisors;
    return part;
  }

 private:
  const DellaTensor& tensor_;
  std::vector<std::vector<std::uint64_t>> bits_;
  std::vector<std::vector<double>> divisors_;
  RankedKeep::Scratch scratch_;
};

class DellaPass : public ElementPass {
 public:
  explicit DellaPass(DellaTensor tensor) : tensor_(std::move(tensor)) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    kernel::ElementCounts counts;
    BlockParts blocks(tensor_);
    std::vector<kernel::SparsePart> parts;
    std::vector<std::byte> whole;
    for_each_block(tile, tensor_.block_elements, [&](std::uint64_t first, std::uint64_t count) {
      parts.clear();
      for (std::size_t i = 0; i < tensor_.rules.size(); ++i) {
        if (!tensor_.rules[i].drops_all) parts.push_back(blocks.part(tile, i, first, count));
      }
      const std::uint64_t begin = std::max(first, tile.first);
      const std::uint64_t end = std::min(first + count, tile.first + tile.count);
      if (begin >= end) return;
      // Bits have no offset: where a block is cut it is computed whole, and its part is copied.
      const kernel::TypedInput anchor = skip(tile.anchor, first - (tile.first - tile.before));
      if (end - begin == count) {
        counts.nonfinite += kernel::combine_task_vectors(tensor_.form, parts, anchor,
                                                         skip(tile.output, begin - tile.first), count)
                                .nonfinite;
        return;
      }
      const auto width = static_cast<std::uint64_t>(bytes(tile.output.dtype));
      whole.resize(count * width);
      kernel::combine_task_vectors(tensor_.form, parts, anchor, {tile.output.dtype, whole.data()}, count);
      const kernel::TypedInput own{tile.output.dtype, whole.data() + (begin - first) * width};
      counts.nonfinite += kernel::convert(own, skip(tile.output, begin - tile.first), end - begin).nonfinite;
    });
    return counts;
  }

 private:
  DellaTensor tensor_;
};

class DellaSurvey : public Survey {
 public:
  DellaSurvey(const ScopeContext& scope, std::vector<DellaTensor> tensors)
      : tensors_(std::move(tensors)), models_(scope.tensors.front().models) {
    std::uint64_t blocks = 0;
    for (std::size_t t = 0; t < tensors_.size(); ++t) {
      first_block_.push_back(blocks);
      blocks += block_count(scope.tensors[t].elements, tensors_[t].block_elements);
    }
    sums_.emplace(blocks, 2 * models_);
  }

  Reading next() const override { return factors_.empty() ? Reading::everything : Reading::nothing; }

  void take(std::size_t tensor, const Tile& tile) override {
    const DellaTensor& rules = tensors_[tensor];
    BlockParts blocks(rules);
    std::vector<double> entries;
    for_each_own_block(tile, rules.block_elements, [&](std::uint64_t first, std::uint64_t count) {
      const kernel::TypedInput anchor = skip(tile.anchor, first - (tile.first - tile.before));
      std::vector<double> sums;
      entries.resize(count);
      for (std::size_t i = 0; i < models_; ++i) {
        const kernel::SparsePart kept = blocks.part(tile, i, first, count);
        kernel::sparsified({.input = kept.input}, anchor, count, entries.data());
        sums.push_back(l1_norm(entries));
        if (!kept.keep) {
          sums.push_back(rules.rules[i].drops_all ? 0.0 : sums.back());
          continue;
        }
        kernel::sparsified({.input = kept.input, .keep = kept.keep}, anchor, count, entries.data());
        sums.push_back(l1_norm(entries));
      }
      const std::lock_guard lock(mutex_);
      sums_->add(first_block_[tensor] + first / rules.block_elements, sums);
    });
  }

  void end_round(stats::Reducer& reducer) override {
    const std::vector<double> norms = reducer.total(*sums_);
    std::vector<double> factors;
    for (std::size_t i = 0; i < models_; ++i) factors.push_back(l1_factor(norms[2 * i], norms[2 * i + 1]));
    complete(std::move(factors));
  }

  std::vector<std::uint64_t> findings() const override {
    std::vector<std::uint64_t> words;
    put_words(words, factors_);
    return words;
  }
  bool adopt(std::span<const std::uint64_t> findings) override {
    if (findings.size() != models_) return false;
    complete(take_numbers(findings));
    return true;
  }

  std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const override {
    return make_della_pass(tensors_[tensor]);
  }

 private:
  void complete(std::vector<double> factors) {
    factors_ = std::move(factors);
    for (DellaTensor& tensor : tensors_) {
      for (std::size_t i = 0; i < models_; ++i) tensor.rules[i].factor = factors_[i];
    }
  }

  /// Of a block: over leaves as over any other piece of a tensor.
  static double l1_norm(std::span<const double> entries) {
    std::vector<double> leaves;
    for (std::size_t first = 0; first < entries.size(); first += leaf_elements) {
      const std::size_t count = std::min<std::size_t>(leaf_elements, entries.size() - first);
      leaves.push_back(kernel::absolute_sum(entries.subspan(first, count)));
    }
    return sum_leaves(leaves, 1).front();
  }

  std::vector<DellaTensor> tensors_;
  std::vector<std::uint64_t> first_block_;
  std::size_t models_;
  std::mutex mutex_;
  std::optional<LeafSums> sums_;  ///< by model: |d|_1, |kept d|_1; a leaf is a block
  std::vector<double> factors_;   ///< by model, once found
};

}  // namespace

std::unique_ptr<ElementPass> make_della_pass(DellaTensor tensor) {
  return std::make_unique<DellaPass>(std::move(tensor));
}

std::unique_ptr<Survey> make_della_survey(const ScopeContext& scope, std::vector<DellaTensor> tensors) {
  return std::make_unique<DellaSurvey>(scope, std::move(tensors));
}

}  // namespace stockpot::method
