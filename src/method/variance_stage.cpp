#include "method/variance_stage.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "method/tile_parts.hpp"
#include "stockpot/kernel/selection.hpp"
#include "stockpot/stats/counts.hpp"

namespace stockpot::method {
namespace {

using Keys = std::array<double, leaf_elements>;

/// Calls work(first, keys) with the variances of elements [first, first + count) of the tensor, a leaf's
/// worth at a time.
template <typename Work>
void for_each_variance(const Tile& tile, std::uint64_t first, std::uint64_t count, Work work) {
  Keys keys{};
  std::vector<kernel::TypedInput> inputs(tile.inputs.size());
  for (std::uint64_t done = 0; done < count; done += leaf_elements) {
    const std::uint64_t size = std::min(leaf_elements, count - done);
    const std::uint64_t offset = first + done - (tile.first - tile.before);
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = from(tile.inputs[i], offset);
    kernel::variances(inputs, from(tile.anchor, offset), size, keys.data());
    work(first + done, std::span(keys).first(size));
  }
}

/// Positions at which the variance is above the cut, or equal to it and before its bound.
class VarianceMask : public KeepBits {
 public:
  explicit VarianceMask(Cut cut) : cut_(cut) {}

  [[nodiscard]] bool same_for_all_models() const override { return true; }

  void fill(const Tile& tile, std::size_t, std::uint64_t first, std::uint64_t count,
            std::uint64_t* bits) const override {
    const double above = std::nextafter(cut_.value, std::numeric_limits<double>::infinity());
    const std::uint64_t begin = first;
    for_each_variance(tile, first, count, [&](std::uint64_t at, std::span<double> keys) {
      const bool before = at < cut_.bound;
      if (before && cut_.bound - at < keys.size()) {
        // Ties end within these keys: later ones are taken for lower.
        const auto late = keys.begin() + static_cast<std::ptrdiff_t>(cut_.bound - at);
        std::replace(late, keys.end(), cut_.value, -1.0);
      }
      kernel::keys_not_below(keys, before ? cut_.value : above, bits + (at - begin) / 64);
    });
  }

 private:
  Cut cut_;
};

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
  std::uint64_t varying = 0;
  for_each_variance(tile, tile.first, tile.count, [&](std::uint64_t first, std::span<double> keys) {
    if (counted_) {
      selection_->take(0, positions_.of(tensor, first), keys);
    } else {
      varying += keys.size() - kernel::count_bracket(keys, {0.0, 0.0}, nullptr).inside;
    }
  });
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
  if (!found || std::exchange(asked_for_ties_, true)) return;
  const stats::Found& lowest = selection_->found(0);
  selection_->keep_lowest(0, lowest.below + lowest.equal - (positions_.count() - kept_));
}

void VarianceStage::refine(std::size_t tensor, std::vector<SparseRule>& rules) const {
  if (kept_ == 0) {
    for (SparseRule& rule : rules) rule.drops_all = true;
    return;
  }
  const auto mask = std::make_shared<VarianceMask>(
      positions_.cut(selection_->found(0).value, selection_->bound(0), tensor));
  for (SparseRule& rule : rules) rule.keep = mask;
}

void VarianceStage::report(Diagnostics& diagnostics) const {
  diagnostics["threshold"] = Numbers{kept_ == 0 ? 0.0 : selection_->found(0).value};
  diagnostics["kept"] = Numbers{static_cast<double>(kept_)};
}

}  // namespace stockpot::method
