#include "plan/reductions.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "stockpot/plan/tiling.hpp"
#include "stockpot/stats/selection.hpp"

namespace stockpot::plan {
namespace {

/// Leaves [first, end) of a tree.
struct LeafRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
};

/// What is brought together of some tensors of a scope.
struct Part {
  method::Reduction reduction;                           ///< as its first tensor has it
  std::uint64_t elements = 0;                            ///< of the tensors so far
  std::uint64_t leaves = 0;                              ///< of them
  std::map<std::uint64_t, std::vector<LeafRange>> held;  ///< by rank; ascending
  std::map<std::uint64_t, std::uint64_t> own_words;      ///< by rank, for what it has
};

std::uint64_t divide_up(std::uint64_t number, std::uint64_t divisor) {
  return (number + divisor - 1) / divisor;
}

/// Nodes in which a rank holds its leaves.
std::uint64_t node_count(std::uint64_t leaf_count, std::vector<LeafRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const LeafRange& a, const LeafRange& b) { return a.first < b.first; });
  std::uint64_t nodes = 0;
  for (std::size_t i = 0; i < ranges.size();) {
    LeafRange joined = ranges[i++];
    for (; i < ranges.size() && ranges[i].first == joined.end; ++i) joined.end = ranges[i].end;
    nodes += subtree_count(leaf_count, joined.first, joined.end);
  }
  return nodes;
}

class Forecaster {
 public:
  Forecaster(std::vector<RankForecast>& ranks, const MergePlan& plan, const ModelSet& models)
      : ranks_(ranks), plan_(plan), models_(models), pieces_(plan.tasks.size()) {
    for (std::uint64_t row = 0; row < plan.pieces.size(); ++row) {
      for (const Piece& piece : plan.pieces[row]) {
        if (plan.scopes.place[piece.task]) pieces_[piece.task].emplace_back(row, piece);
      }
    }
  }

  void add(const ScopeGroup& group) const {
    std::map<std::pair<std::size_t, std::string>, Part> parts;
    for (std::size_t position = 0; position < group.tasks.size(); ++position) {
      const auto& reductions = group.reductions[position];
      for (std::size_t i = 0; i < reductions.size(); ++i) {
        add_task(parts[{i, reductions[i].part}], reductions[i], group.tasks[position]);
      }
    }
    for (const auto& [key, part] : parts) give(group, part);
  }

 private:
  void add_task(Part& part, const method::Reduction& reduction, std::uint32_t task) const {
    if (part.elements == 0 && part.leaves == 0) part.reduction = reduction;
    const std::uint64_t elements = plan_.tasks[task].elements;
    if (reduction.leaf_width > 0 || reduction.element_words > 0) {
      for (const auto& [row, piece] : pieces_[task]) add_piece(part, reduction, row, piece);
      part.leaves += divide_up(elements, reduction.leaf_elements);
    }
    part.elements += elements;
  }

  /// A leaf belongs to the unit with its first element.
  void add_piece(Part& part, const method::Reduction& reduction, std::uint64_t row,
                 const Piece& piece) const {
    const TensorTask& task = plan_.tasks[piece.task];
    const std::uint64_t leaf = reduction.leaf_elements;
    const auto hold = [&](std::uint64_t rank, std::uint64_t first_unit, std::uint64_t end_unit) {
      const std::uint64_t begin = unit_span(task, models_, first_unit).first;
      const ElementSpan last = unit_span(task, models_, end_unit - 1);
      const LeafRange range{part.leaves + divide_up(begin, leaf),
                            part.leaves + divide_up(last.first + last.count, leaf)};
      if (range.first < range.end) part.held[rank].push_back(range);
      part.own_words[rank] += reduction.unit_words * (end_unit - first_unit) +
                              reduction.element_words * (last.first + last.count - begin);
    };
    const std::uint64_t first_rank = row * plan_.grid.columns;
    if (plan_.grid.columns == 1) return hold(first_rank, piece.first_unit, piece.end_unit);
    for (std::uint64_t unit = piece.first_unit; unit < piece.end_unit; ++unit) {
      hold(first_rank + owner_column(plan_, piece.task, unit), unit, unit + 1);
    }
  }

  void give(const ScopeGroup& group, const Part& part) const {
    std::uint64_t words = part.reduction.words;
    if (part.reduction.queries > 0) {
      words += stats::Selection::most_reduced_words(part.elements, part.reduction.queries,
                                                    shared_survey_bytes(plan_, group),
                                                    part.reduction.locates_ties);
    }
    std::map<std::uint64_t, std::uint64_t> sums;  // bytes by rank
    std::uint64_t all_sums = 0;
    for (const auto& [rank, ranges] : part.held) {
      sums[rank] = node_count(part.leaves, ranges) * part.reduction.leaf_width * sizeof(double);
    }
    for (const auto& [rank, own] : part.own_words) sums[rank] += own * sizeof(std::uint64_t);
    for (const auto& [rank, own] : sums) all_sums += own;
    const std::uint64_t end_rank = (group.last_row + 1) * plan_.grid.columns;
    for (std::uint64_t rank = group.first_row * plan_.grid.columns; rank < end_rank; ++rank) {
      const auto own = sums.find(rank);
      const std::uint64_t own_sums = own == sums.end() ? 0 : own->second;
      Traffic& traffic = ranks_[rank].traffic;
      traffic.reduced_bytes += own_sums + words * sizeof(std::uint64_t);
      traffic.gathered_bytes += all_sums - own_sums + words * sizeof(std::uint64_t);
    }
  }

  std::vector<RankForecast>& ranks_;
  const MergePlan& plan_;
  const ModelSet& models_;
  std::vector<std::vector<std::pair<std::uint64_t, Piece>>> pieces_;  ///< by task, with their rows
};

}  // namespace

void add_reductions(std::vector<RankForecast>& ranks, const MergePlan& plan, const ModelSet& models) {
  const Forecaster forecaster(ranks, plan, models);
  for (const ScopeGroup& group : plan.scopes.groups) {
    if (is_shared(plan, group)) forecaster.add(group);
  }
}

}  // namespace stockpot::plan
