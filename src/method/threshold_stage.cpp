#include "method/threshold_stage.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "method/finding_words.hpp"
#include "stockpot/kernel/selection.hpp"

namespace stockpot::method {

ThresholdStage::ThresholdStage(const ScopeContext& scope,
                               std::vector<std::optional<stats::RankRange>> kept_ranks, bool keeps_all_ties)
    : positions_(scope), kept_ranks_(std::move(kept_ranks)), keeps_all_ties_(keeps_all_ties) {
  const std::uint64_t elements = positions_.count();
  for (std::size_t model = 0; model < kept_ranks_.size(); ++model) {
    const auto& ranks = kept_ranks_[model];
    if (!ranks || ranks->count == 0 || ranks->count == elements) continue;
    Wanted wanted{model, *ranks, queries_.size(), std::nullopt};
    const std::size_t stream = model_of_stream_.size();
    model_of_stream_.push_back(model);
    queries_.push_back({stream, ranks->first});
    if (ranks->first + ranks->count < elements) {
      wanted.upper = queries_.size();
      queries_.push_back({stream, ranks->first + ranks->count - 1});
    }
    wanted_.push_back(wanted);
  }
  if (wanted_.empty()) return;
  selection_ =
      std::make_unique<stats::Selection>(elements, model_of_stream_.size(), queries_, scope.memory_bytes);
}

Reading ThresholdStage::next() const {
  return selection_ ? selection_->next() : Reading::nothing;
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
      kernel::magnitudes(skip(input, tile.before + done), skip(tile.anchor, tile.before + done), count,
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
  if (selection_->next() != Reading::nothing) return;
  for (const Wanted& wanted : wanted_) kept_.push_back(kept_by(wanted));
  selection_.reset();
}

void ThresholdStage::ask_for_ties() {
  if (keeps_all_ties_) return;
  for (const Wanted& wanted : wanted_) {
    const stats::Found& lower = selection_->found(wanted.lower);
    const std::uint64_t end = wanted.ranks.first + wanted.ranks.count;
    if (wanted.upper) {
      const stats::Found& upper = selection_->found(*wanted.upper);
      if (upper.value != lower.value) selection_->keep_lowest(*wanted.upper, end - upper.below);
    }
    selection_->keep_lowest(wanted.lower, std::min(end, lower.below + lower.equal) - wanted.ranks.first);
  }
}

ThresholdStage::Kept ThresholdStage::kept_by(const Wanted& wanted) const {
  const stats::Found& lower = selection_->found(wanted.lower);
  Kept kept;
  kept.least = {lower.value, selection_->bound(wanted.lower)};
  kept.most.value = std::numeric_limits<double>::infinity();
  kept.entries = keeps_all_ties_ ? positions_.count() - lower.below : wanted.ranks.count;
  if (!wanted.upper) return kept;
  const double upper = selection_->found(*wanted.upper).value;
  // Where one magnitude alone is kept, its ties are counted at the lower end.
  kept.most = {upper, upper == lower.value ? Cut{}.bound : selection_->bound(*wanted.upper)};
  return kept;
}

std::vector<std::uint64_t> ThresholdStage::findings() const {
  std::vector<std::uint64_t> words;
  for (const Kept& kept : kept_) {
    put_words(words, std::array{kept.least.value, kept.most.value});
    words.insert(words.end(), {kept.least.bound, kept.most.bound, kept.entries});
  }
  return words;
}

std::size_t ThresholdStage::finding_words() const {
  return 5 * wanted_.size();
}

void ThresholdStage::adopt(std::span<const std::uint64_t> findings) {
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    const auto words = findings.subspan(5 * i, 5);
    const std::vector<double> values = take_numbers(words.first(2));
    kept_.push_back({{values[0], words[2]}, {values[1], words[3]}, words[4]});
  }
  selection_.reset();
}

void ThresholdStage::refine(std::size_t tensor, std::vector<SparseRule>& rules) const {
  for (std::size_t model = 0; model < kept_ranks_.size(); ++model) {
    if (kept_ranks_[model] && kept_ranks_[model]->count == 0) rules[model].drops_all = true;
  }
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    SparseRule& rule = rules[wanted_[i].model];
    rule.least = positions_.cut(kept_[i].least.value, kept_[i].least.bound, tensor);
    if (wanted_[i].upper) rule.most = positions_.cut(kept_[i].most.value, kept_[i].most.bound, tensor);
  }
}

void ThresholdStage::report(Diagnostics& diagnostics) const {
  Numbers thresholds(kept_ranks_.size(), 0.0);
  Numbers kept(kept_ranks_.size(), static_cast<double>(positions_.count()));
  for (std::size_t model = 0; model < kept_ranks_.size(); ++model) {
    if (kept_ranks_[model] && kept_ranks_[model]->count == 0) kept[model] = 0.0;
  }
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    thresholds[wanted_[i].model] = kept_[i].least.value;
    kept[wanted_[i].model] = static_cast<double>(kept_[i].entries);
  }
  diagnostics["threshold"] = thresholds;
  diagnostics["kept"] = kept;
}

}  // namespace stockpot::method
