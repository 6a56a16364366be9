#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "method/solved_elements.hpp"
#include "stockpot/kernel/columns_view.hpp"
#include "stockpot/kernel/symmetric.hpp"
#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// Elements of a weight that one rank takes together: whole columns of the unknown V = W^T [in, out], in
/// blocks that products and solves are not cut within (kernel/symmetric.hpp); a vector, and a weight stored
/// [in, out], as a whole.
std::uint64_t columns_run(const TensorContext& tensor);

/// The models' columns of one weight that this rank has, and lists of doubles in their order. A vector is one
/// column.
class LayerEquation {
 public:
  /// @pre the tensor has matrices
  explicit LayerEquation(const TensorContext& tensor);

  [[nodiscard]] std::uint64_t order() const { return order_; }
  /// Of the whole unknown.
  [[nodiscard]] std::uint64_t columns() const { return order_ == 0 ? 0 : elements_ / order_; }

  /// Keeps the tile's elements, of the anchor too if there is one. Local, thread safe. @pre whole runs
  void take(const Tile& tile);
  /// Once all tiles were taken; `values()` of the unknown become zeros.
  void begin();

  /// Adds S X of one model's X to rows [first, end) of the flat list `sum`, of which `gram` has the rows.
  /// Local, thread safe for different rows.
  void add_product(std::size_t model, const kernel::SymmetricPanel& gram, kernel::SymmetricScale scale,
                   std::span<double> sum) const;
  /// Makes `values` what a pass makes of the models' elements.
  void apply(const ElementPass& pass, std::span<double> values) const;
  /// Row `row` of the unknown becomes S(w_i x_i) / S(w_i).
  void set_mean(std::uint64_t row, std::span<const double> weights);
  /// The models' elements are not needed any more.
  void release_models() { blocks_.clear(); }

  /// One stretch of a flat list as columns of V, and where its first stands among all.
  [[nodiscard]] kernel::Columns columns_of(const OwnElements& stretch, std::span<double> flat) const;
  [[nodiscard]] kernel::ConstColumns columns_of(const OwnElements& stretch,
                                                std::span<const double> flat) const;
  [[nodiscard]] std::uint64_t first_column(const OwnElements& stretch) const;
  /// The same of a list of the whole tensor.
  [[nodiscard]] kernel::ConstColumns all_columns(std::span<const double> whole) const;
  /// Elements of one model, as doubles, in a flat list.
  void widen(std::size_t model, std::span<double> flat) const;

  [[nodiscard]] SolvedElements& unknown() { return unknown_; }
  [[nodiscard]] const SolvedElements& unknown() const { return unknown_; }

 private:
  /// What was kept of one tile.
  struct Block {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::vector<std::vector<std::byte>> models;  ///< recipe order, then the anchor
  };

  [[nodiscard]] const Block& block_at(std::uint64_t first) const;
  [[nodiscard]] Tile stored_tile(const Block& block, std::vector<kernel::TypedInput>& inputs) const;

  std::size_t models_;
  bool has_anchor_;
  std::uint64_t order_;
  std::uint64_t elements_;
  bool by_columns_;  ///< columns lie one after the other
  std::mutex mutex_;
  std::vector<DType> dtypes_;  ///< by model, then the anchor's
  std::vector<Block> blocks_;
  SolvedElements unknown_;
};

}  // namespace stockpot::method
