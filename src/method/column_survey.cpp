#include "method/column_survey.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <mutex>
#include <utility>

#include "method/row_blocks.hpp"
#include "stockpot/kernel/columns.hpp"

namespace stockpot::method {
namespace {

kernel::ColumnPair pair_of(const Tile& tile, std::uint64_t at) {
  return {skip(tile.inputs[0], at), skip(tile.inputs[1], at), skip(tile.anchor, at)};
}

/// Shares of the two vectors, by column.
struct ColumnShares {
  std::vector<double> first;
  std::vector<double> second;
};

class ColumnPass : public ElementPass {
 public:
  explicit ColumnPass(std::shared_ptr<const ColumnShares> shares) : shares_(std::move(shares)) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    if (tile.count == 0) return {};
    return kernel::combine_columns(pair_of(tile, tile.before), shares_->first, shares_->second, tile.first,
                                   tile.count, tile.output);
  }

 private:
  std::shared_ptr<const ColumnShares> shares_;
};

class ColumnSurvey : public Survey {
 public:
  ColumnSurvey(const ScopeContext& scope, SolveLine solve) : solve_(std::move(solve)) {
    for (const TensorContext& tensor : scope.tensors) tensors_.emplace_back(tensor);
  }

  Reading next() const override { return complete_ ? Reading::nothing : Reading::everything; }

  void take(std::size_t tensor, const Tile& tile) override {
    Columns& own = tensors_[tensor];
    std::vector<double> sums(kernel::column_sums * own.columns);
    for_each_own_block(tile, own.block, [&](std::uint64_t first, std::uint64_t count) {
      kernel::column_products(pair_of(tile, first - (tile.first - tile.before)), count / own.columns,
                              own.columns, sums);
      const std::lock_guard lock(mutex_);
      own.sums.add(first / own.block, sums);
    });
  }

  void end_round(stats::Reducer& reducer) override {
    for (Columns& own : tensors_) {
      const std::vector<double> sums = reducer.total(own.sums);
      own.shares = std::make_shared<const ColumnShares>(shares_of(own, sums));
    }
    complete_ = true;
  }

  std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const override {
    return std::make_unique<ColumnPass>(tensors_[tensor].shares);
  }

 private:
  /// One tensor.
  struct Columns {
    explicit Columns(const TensorContext& tensor)
        : context(tensor),
          columns(column_count(tensor)),
          block(column_block(tensor)),
          sums(block_count(tensor.elements, block), kernel::column_sums * columns) {}
    TensorContext context;
    std::uint64_t columns;
    std::uint64_t block;
    LeafSums sums;  ///< a leaf is a block
    std::shared_ptr<const ColumnShares> shares;
  };

  [[nodiscard]] ColumnShares shares_of(const Columns& own, const std::vector<double>& sums) const {
    ColumnShares shares;
    const auto sum = [&](std::size_t which, std::uint64_t column) {
      return sums[which * own.columns + column];
    };
    for (std::uint64_t column = 0; column < own.columns; ++column) {
      const Geometry geometry{stats::GramMatrix(2, {sum(0, column), sum(1, column), sum(2, column)}),
                              sum(3, column)};
      const Shares own_shares = solve_(own.context, geometry);
      shares.first.push_back(own_shares.first);
      shares.second.push_back(own_shares.second);
    }
    return shares;
  }

  SolveLine solve_;
  std::deque<Columns> tensors_;
  std::mutex mutex_;
  bool complete_ = false;
};

}  // namespace

std::uint64_t column_count(const TensorContext& tensor) {
  if (tensor.shape.size() < 2 || tensor.elements == 0) return 1;
  return tensor.elements / tensor.shape.front();
}

std::uint64_t column_block(const TensorContext& tensor) {
  // So many rows that adding up their sums costs less than making them, unless rows are very long.
  constexpr std::uint64_t enough_rows = 16;
  constexpr std::uint64_t long_block = std::uint64_t{1} << 20;
  const std::uint64_t columns = column_count(tensor);
  const std::uint64_t rows = std::clamp<std::uint64_t>(long_block / columns, 1, enough_rows);
  return std::max(rows * columns, block_of_rows(columns));
}

SurveyCost column_survey_cost(const TensorContext& tensor) {
  const std::uint64_t levels = std::bit_width(block_count(tensor.elements, column_block(tensor)));
  const std::uint64_t width = kernel::column_sums * column_count(tensor);
  return {
      .memory_bytes = (levels + 1) * width * sizeof(double),
      .reductions = {{.part = part_of(tensor), .leaf_width = width, .leaf_elements = column_block(tensor)}}};
}

std::unique_ptr<Survey> make_column_survey(const ScopeContext& scope, SolveLine solve) {
  return std::make_unique<ColumnSurvey>(scope, std::move(solve));
}

}  // namespace stockpot::method
