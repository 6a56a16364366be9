#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "method/finding_words.hpp"
#include "method/fusion_importance.hpp"
#include "method/row_blocks.hpp"
#include "method/row_pass.hpp"
#include "method/sparse_survey.hpp"
#include "stockpot/stats/selection.hpp"

namespace stockpot::method {
namespace {

/// Calls work(first, importances) for rows that a tile touches, some at a time, with what lies within it.
template <typename Work>
void for_each_importance(const Tile& tile, std::uint64_t row_length, Work work) {
  FusionImportance importance(row_length);
  for_each_block(tile, block_of_rows(row_length), [&](std::uint64_t first, std::uint64_t count) {
    const std::uint64_t begin = std::max(first, tile.first);
    const std::uint64_t end = std::min(first + count, tile.first + tile.count);
    if (begin >= end) return;
    const std::uint64_t at = first - (tile.first - tile.before);
    const std::span<const double> all =
        importance.of(skip(tile.inputs.front(), at), skip(tile.anchor, at), count);
    work(begin, all.subspan(begin - first, end - begin));
  });
}

class FusionPass : public ElementPass {
 public:
  FusionPass(std::uint64_t row_length, double threshold) : row_length_(row_length), threshold_(threshold) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    kernel::ElementCounts counts;
    std::vector<std::uint64_t> bits;
    for_each_importance(tile, row_length_, [&](std::uint64_t first, std::span<const double> importances) {
      bits.assign((importances.size() + 63) / 64, 0);
      for (std::size_t e = 0; e < importances.size(); ++e) {
        bits[e / 64] |= static_cast<std::uint64_t>(importances[e] >= threshold_) << (e % 64);
      }
      const std::uint64_t at = first - (tile.first - tile.before);
      const kernel::SparsePart part{.input = skip(tile.inputs.front(), at), .keep = bits.data()};
      counts.nonfinite +=
          kernel::combine_task_vectors({}, std::span(&part, 1), skip(tile.anchor, at),
                                       skip(tile.output, first - tile.first), importances.size())
              .nonfinite;
    });
    return counts;
  }

 private:
  std::uint64_t row_length_;
  double threshold_;
};

class FusionSurvey : public Survey {
 public:
  explicit FusionSurvey(const ScopeContext& scope) : tensors_(scope.tensors) {
    selection_.emplace(scope.elements(), 1, quartiles(scope), scope.memory_bytes);
    for (std::size_t t = 0; t < tensors_.size(); ++t) first_element_.push_back(scope.first_element(t));
  }

  Reading next() const override { return selection_ ? selection_->next() : Reading::nothing; }
  void take(std::size_t tensor, const Tile& tile) override {
    for_each_importance(tile, row_length(tensors_[tensor]),
                        [&](std::uint64_t first, std::span<const double> importances) {
                          selection_->take(0, first_element_[tensor] + first, importances);
                        });
  }
  void end_round(stats::Reducer& reducer) override {
    selection_->end_round(reducer);
    if (selection_->next() != Reading::nothing) return;
    const double range = selection_->found(2).value - selection_->found(0).value;
    const double beyond = 1.5 * range;
    threshold_ = selection_->found(1).value + beyond;
    selection_.reset();
  }

  std::vector<std::uint64_t> findings() const override {
    std::vector<std::uint64_t> words;
    put_words(words, std::array{threshold_});
    return words;
  }
  bool adopt(std::span<const std::uint64_t> findings) override {
    if (findings.size() != 1) return false;
    threshold_ = take_numbers(findings).front();
    selection_.reset();
    return true;
  }

  std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const override {
    return std::make_unique<FusionPass>(row_length(tensors_[tensor]), threshold_);
  }
  Diagnostics diagnostics(std::size_t) const override { return {{"threshold", Numbers{threshold_}}}; }

 private:
  /// The lower one, the median, the upper one: elements floor(q (n - 1)) in ascending order.
  static std::vector<stats::Query> quartiles(const ScopeContext& scope) {
    const std::uint64_t last = scope.elements() - 1;
    return {{0, last / 4}, {0, last / 2}, {0, last / 4 * 3 + last % 4 * 3 / 4}};
  }

  std::vector<TensorContext> tensors_;
  std::vector<std::uint64_t> first_element_;
  std::optional<stats::Selection> selection_;  ///< until the quartiles are found
  double threshold_ = 0.0;
};

/// x where its importance reaches the median plus 1.5 times the range between the quartiles, else b; an
/// entry's importance is |x - b| times the divergence of its row from the base model's. After
/// mergekit's merge_methods/arcee_fusion.py. Quartiles are exact for tensors of any size: mergekit takes them
/// from a million random elements where there are more, so that its results differ from run to run. They span
/// the scope. Importances are computed twice, at the cost of SoftmaxDivergence each time.
class ArceeFusion : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::MethodSchema s;
      s.name = "arcee_fusion";
      s.summary = "base model with those entries of another that change it outstandingly (exact quartiles)";
      s.needs_base_model = true;
      s.minimum_models = 2;
      s.maximum_models = 2;
      return s;
    }();
    return schema;
  }

  Claims claims() const override { return {.idempotent = true}; }
  bool needs_survey(const TensorContext& tensor) const override { return tensor.elements > 0; }
  SurveyCost survey_cost(const TensorContext&) const override { return selection_cost(3, false); }
  std::uint64_t row_elements(const TensorContext& tensor) const override { return row_length(tensor); }

  std::unique_ptr<Survey> survey(const ScopeContext& scope) const override {
    return std::make_unique<FusionSurvey>(scope);
  }
  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return std::make_unique<FusionPass>(row_length(tensor), 0.0);
  }
};

}  // namespace

std::unique_ptr<Method> make_arcee_fusion();
std::unique_ptr<Method> make_arcee_fusion() {
  return std::make_unique<ArceeFusion>();
}

}  // namespace stockpot::method
