#include "method/variance_stage.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "stockpot/kernel/selection.hpp"
#include "stockpot/stats/counts.hpp"

namespace stockpot::method {
namespace {

/// Every model's element `first` of the tensor.
std::vector<kernel::TypedInput> inputs_at(const Tile& tile, std::uint64_t first) {
  std::vector<kernel::TypedInput> inputs(tile.inputs.begin(), tile.inputs.end());
  for (kernel::TypedInput& input : inputs) input = skip(input, first - (tile.first - tile.before));
  return inputs;
}
kernel::TypedInput anchor_at(const Tile& tile, std::uint64_t first) {
  return skip(tile.anchor, first - (tile.first - tile.before));
}

/// Positions at which the variance is above the cut, or equal to it and before its bound.
class VarianceMask : public KeepBits {
 public:
  explicit VarianceMask(Cut cut) : cut_(cut) {}

  [[nodiscard]] bool same_for_all_models() const override { return true; }

  void fill(const Tile& tile, std::size_t, std::uint64_t first, std::uint64_t count,
            std::uint64_t* bits) const override {
    const std::vector<kernel::TypedInput> inputs = inputs_at(tile, first);
    const kernel::TypedInput anchor = anchor_at(tile, first);
    const double above = std::nextafter(cut_.value, std::numeric_limits<double>::infinity());
    const double least = first < cut_.bound ? cut_.value : above;
    kernel::variances_not_below(inputs, anchor, count, least, bits);
    if (first < cut_.bound && cut_.bound - first < count)
      drop_ties(inputs, anchor, cut_.bound - first, count, bits);
  }

 private:
  /// Clears the bits of equal variances from element `begin` on: where ties end within these elements, which
  /// happens once in a scope.
  void drop_ties(std::span<const kernel::TypedInput> inputs, kernel::TypedInput anchor, std::uint64_t begin,
                 std::uint64_t count, std::uint64_t* bits) const {
    std::vector<double> keys(count);
    kernel::variances(inputs, anchor, count, keys.data());
    for (std::uint64_t e = begin; e < count; ++e) {
      if (keys[e] == cut_.value) bits[e / 64] &= ~(std::uint64_t{1} << (e % 64));
    }
  }

  Cut cut_;
};

std::uint64_t count_varying(const Tile& tile, std::uint64_t first, std::uint64_t count) {
  std::array<std::uint64_t, leaf_elements / 64> bits{};
  kernel::variances_not_below(inputs_at(tile, first), anchor_at(tile, first), count,
                              std::numeric_limits<double>::denorm_min(), bits.data());
  std::uint64_t varying = 0;
  for (std::uint64_t i = 0; i < (count + 63) / 64; ++i)
    varying += static_cast<std::uint64_t>(std::popcount(bits[i]));
  return varying;
}

}  // namespace

VarianceStage::VarianceStage(const ScopeContext& scope, double share)
    : positions_(scope), share_(share), memory_bytes_(scope.memory_bytes), counted_(share <= 0.0) {}

Reading VarianceStage::next() const {
  if (!counted_) return Reading::everything;
  return selection_ ? selection_->next() : Reading::nothing;
}

std::vector<ElementRange> VarianceStage::ranges() const {
  return positions_.elements_at(selection_->ranges());
}

void VarianceStage::take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>&) {
  std::array<double, leaf_elements> keys{};
  std::uint64_t varying = 0;
  for (std::uint64_t done = 0; done < tile.count; done += leaf_elements) {
    const std::uint64_t first = tile.first + done;
    const std::uint64_t count = std::min(leaf_elements, tile.count - done);
    if (!counted_) {
      varying += count_varying(tile, first, count);
    } else {
      kernel::variances(inputs_at(tile, first), anchor_at(tile, first), count, keys.data());
      selection_->take(0, positions_.of(tensor, first), {keys.data(), count});
    }
  }
  varying_ += varying;
}

void VarianceStage::end_round(stats::Reducer& reducer) {
  if (!counted_) {
    counted_ = true;
    std::array<std::uint64_t, 1> varying{varying_.load()};
    reducer.add(varying);
    kept_ = stats::kept_count(share_, varying.front());
    if (kept_ == 0) return;
    const std::uint64_t lowest_rank = positions_.count() - kept_;
    selection_ = std::make_unique<stats::Selection>(
        positions_.count(), 1, std::vector<stats::Query>{{0, lowest_rank}}, memory_bytes_);
    return;
  }
  const Reading reading = selection_->next();
  selection_->end_round(reducer);
  const bool found = reading != Reading::ranges && selection_->next() == Reading::nothing;
  if (found && !std::exchange(asked_for_ties_, true)) {
    const stats::Found& lowest = selection_->found(0);
    selection_->keep_lowest(0, lowest.below + lowest.equal - (positions_.count() - kept_));
  }
  if (selection_->next() != Reading::nothing) return;
  lowest_ = {selection_->found(0).value, selection_->bound(0)};
  selection_.reset();
}

std::vector<std::uint64_t> VarianceStage::findings() const {
  return {kept_, std::bit_cast<std::uint64_t>(lowest_.value), lowest_.bound};
}

void VarianceStage::adopt(std::span<const std::uint64_t> findings) {
  counted_ = true;
  kept_ = findings[0];
  lowest_ = {std::bit_cast<double>(findings[1]), findings[2]};
}

void VarianceStage::refine(std::size_t tensor, std::vector<SparseRule>& rules) const {
  if (kept_ == 0) {
    for (SparseRule& rule : rules) rule.drops_all = true;
    return;
  }
  const auto mask = std::make_shared<VarianceMask>(positions_.cut(lowest_.value, lowest_.bound, tensor));
  for (SparseRule& rule : rules) rule.keep = mask;
}

void VarianceStage::report(Diagnostics& diagnostics) const {
  diagnostics["threshold"] = Numbers{kept_ == 0 ? 0.0 : lowest_.value};
  diagnostics["kept"] = Numbers{static_cast<double>(kept_)};
}

}  // namespace stockpot::method
