#include "method/threshold_stage.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "method/tile_parts.hpp"
#include "stockpot/kernel/selection.hpp"

namespace stockpot::method {

ThresholdStage::ThresholdStage(const ScopeContext& scope,
                               std::vector<std::optional<stats::RankRange>> kept_ranks, bool keeps_all_ties)
    : positions_(scope), kept_ranks_(std::move(kept_ranks)), keeps_all_ties_(keeps_all_ties) {
  const std::uint64_t elements = positions_.count();
  for (std::size_t model = 0; model < kept_ranks_.size(); ++model) {
    const auto& ranks = kept_ranks_[model];
    if (!ranks || ranks->count == 0 || ranks->count == elements) continue;
    Wanted wanted{model, *ranks, queries_.size(), std::nullopt, ranks->count};
    const std::size_t stream = model_of_stream_.size();
    model_of_stream_.push_back(model);
    queries_.push_back({stream, ranks->first});
    if (ranks->first + ranks->count < elements) {
      wanted.upper = queries_.size();
      queries_.push_back({stream, ranks->first + ranks->count - 1});
    }
    wanted_.push_back(wanted);
  }
  selection_ =
      std::make_unique<stats::Selection>(elements, model_of_stream_.size(), queries_, scope.memory_bytes);
}

Reading ThresholdStage::next() const {
  return selection_->next();
}

std::vector<ElementRange> ThresholdStage::ranges() const {
  return positions_.elements_at(selection_->ranges());
}

void ThresholdStage::take(std::size_t tensor, const Tile& tile, const std::vector<SparseRule>&) {
  std::array<double, leaf_elements> keys{};
  for (std::size_t stream = 0; stream < model_of_stream_.size(); ++stream) {
    const kernel::TypedInput input = tile.inputs[model_of_stream_[stream]];
    for (std::uint64_t done = 0; done < tile.count; done += leaf_elements) {
      const std::uint64_t count = std::min(leaf_elements, tile.count - done);
      kernel::magnitudes(from(input, tile.before + done), from(tile.anchor, tile.before + done), count,
                         keys.data());
      selection_->take(stream, positions_.of(tensor, tile.first + done), {keys.data(), count});
    }
  }
}

void ThresholdStage::end_round(stats::Reducer& reducer) {
  const Reading reading = selection_->next();
  selection_->end_round(reducer);
  const bool found = reading != Reading::ranges && selection_->next() == Reading::nothing;
  if (found && !std::exchange(asked_for_ties_, true)) ask_for_ties();
}

void ThresholdStage::ask_for_ties() {
  for (Wanted& wanted : wanted_) {
    const stats::Found& lower = selection_->found(wanted.lower);
    const std::uint64_t end = wanted.ranks.first + wanted.ranks.count;
    if (keeps_all_ties_) {
      wanted.kept = positions_.count() - lower.below;
      continue;
    }
    if (wanted.upper) {
      const stats::Found& upper = selection_->found(*wanted.upper);
      if (upper.value != lower.value) selection_->keep_lowest(*wanted.upper, end - upper.below);
    }
    selection_->keep_lowest(wanted.lower, std::min(end, lower.below + lower.equal) - wanted.ranks.first);
  }
}

Cut ThresholdStage::cut_of(std::size_t query, std::size_t tensor) const {
  return positions_.cut(selection_->found(query).value, selection_->bound(query), tensor);
}

void ThresholdStage::refine(std::size_t tensor, std::vector<SparseRule>& rules) const {
  for (std::size_t model = 0; model < kept_ranks_.size(); ++model) {
    if (kept_ranks_[model] && kept_ranks_[model]->count == 0) rules[model].drops_all = true;
  }
  for (const Wanted& wanted : wanted_) {
    SparseRule& rule = rules[wanted.model];
    rule.least = cut_of(wanted.lower, tensor);
    if (!wanted.upper) continue;
    rule.most = cut_of(*wanted.upper, tensor);
    // One magnitude alone is kept: its ties are counted at the lower end.
    if (rule.most->value == rule.least->value) rule.most->bound = Cut{}.bound;
  }
}

void ThresholdStage::report(Diagnostics& diagnostics) const {
  Numbers thresholds(kept_ranks_.size(), 0.0);
  Numbers kept(kept_ranks_.size(), static_cast<double>(positions_.count()));
  for (std::size_t model = 0; model < kept_ranks_.size(); ++model) {
    if (kept_ranks_[model] && kept_ranks_[model]->count == 0) kept[model] = 0.0;
  }
  for (const Wanted& wanted : wanted_) {
    thresholds[wanted.model] = selection_->found(wanted.lower).value;
    kept[wanted.model] = static_cast<double>(wanted.kept);
  }
  diagnostics["threshold"] = thresholds;
  diagnostics["kept"] = kept;
}

}  // namespace stockpot::method
