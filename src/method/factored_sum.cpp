#include "method/factored_sum.hpp"

#include <algorithm>
#include <utility>

#include "method/matrix_sum.hpp"
#include "stockpot/kernel/cholesky.hpp"
#include "stockpot/kernel/symmetric.hpp"

namespace stockpot::method {
namespace {

class HeldSum : public FactoredSum {
 public:
  explicit HeldSum(const TensorContext& tensor)
      : sum_(tensor.matrices.order, tensor.values.number("alpha"), tensor.values.of_models("weight")) {}

  void begin() override { sum_.begin(); }
  void add_panel(std::uint64_t panel, MatrixSource& source, const LayerEquation* equation,
                 std::span<double> product_sum) override {
    sum_.add_panel(panel, source, equation, product_sum);
  }
  [[nodiscard]] std::vector<double> diagonal() const override {
    std::vector<double> diagonal(sum_.order());
    for (std::uint64_t row = 0; row < sum_.order(); ++row) diagonal[row] = sum_.diagonal(row);
    return diagonal;
  }
  void prepare(double ridge, std::span<const std::uint64_t> dead) override {
    const std::uint64_t order = sum_.order();
    if (ridge != 0.0) {
      for (std::uint64_t row = 0; row < order; ++row) sum_.diagonal(row) += ridge;
    }
    for (const std::uint64_t row : dead) {
      for (std::uint64_t i = 0; i < order; ++i) {
        sum_.data()[std::max(i, row) * order + std::min(i, row)] = 0.0;
      }
      sum_.diagonal(row) = 1.0;
    }
  }
  [[nodiscard]] bool factor() override {
    return !kernel::factor_cholesky(sum_.data(), sum_.order(), sum_.order());
  }
  void solve(std::span<const kernel::Columns> lists) override {
    for (const kernel::Columns& list : lists) {
      kernel::solve_cholesky(sum_.data(), sum_.order(), sum_.order(), list);
    }
  }
  void release() override { sum_.release(); }

 private:
  MatrixSum sum_;
};

class StoredSum : public FactoredSum {
 public:
  StoredSum(const TensorContext& tensor, const StoreMaker& make_store)
      : alpha_(tensor.values.number("alpha")),
        weights_(tensor.values.of_models("weight")),
        cut_{tensor.matrices.order, kernel::product_tile_rows},
        make_store_(make_store) {}

  void begin() override {
    if (!store_) store_ = make_store_(cut_);
    diagonal_.assign(cut_.order, 0.0);
  }
  void add_panel(std::uint64_t panel, MatrixSource& source, const LayerEquation* equation,
                 std::span<double> product_sum) override {
    const std::size_t first = cut_.first(panel);
    const std::size_t end = cut_.end(panel);
    std::vector<double> rows(cut_.order * (end - first));
    std::vector<double> sum(cut_.values(panel), 0.0);
    for (std::size_t model = 0; model < weights_.size(); ++model) {
      source.read(0, model, MatrixSide::input, first, end, rows);
      const kernel::SymmetricPanel gram{rows.data(), cut_.order, first, end, end - first};
      const kernel::SymmetricScale scale{alpha_, weights_[model]};
      if (equation != nullptr) equation->add_product(model, gram, scale, product_sum);
      kernel::add_symmetric_rows(gram, scale, kernel::TrianglePanel{sum.data(), first, end, end});
    }
    for (std::size_t i = first; i < end; ++i) diagonal_[i] = sum[(i - first) * end + i];
    store_->write(panel, sum);
  }
  [[nodiscard]] std::vector<double> diagonal() const override { return diagonal_; }
  void prepare(double ridge, std::span<const std::uint64_t> dead) override {
    if (ridge == 0.0 && dead.empty()) return;
    std::vector<double> values;
    for (std::size_t p = 0; p < cut_.count(); ++p) {
      values.resize(cut_.values(p));
      store_->read(p, values);
      const kernel::TrianglePanel panel{values.data(), cut_.first(p), cut_.end(p), cut_.end(p)};
      for (std::size_t i = panel.first_row; i < panel.end_row; ++i) panel.row(i)[i] += ridge;
      for (const std::uint64_t row : dead) clear(panel, row);
      store_->write(p, values);
    }
  }
  [[nodiscard]] bool factor() override { return !kernel::factor_panels(cut_, *store_); }
  void solve(std::span<const kernel::Columns> lists) override { kernel::solve_panels(cut_, *store_, lists); }
  void release() override { store_.reset(); }

 private:
  static void clear(const kernel::TrianglePanel& panel, std::size_t row) {
    for (std::size_t i = std::max(panel.first_row, row); i < panel.end_row; ++i) panel.row(i)[row] = 0.0;
    if (row < panel.first_row || row >= panel.end_row) return;
    std::fill_n(panel.row(row), row, 0.0);
    panel.row(row)[row] = 1.0;
  }

  double alpha_;
  std::vector<double> weights_;
  kernel::PanelCut cut_;
  const StoreMaker& make_store_;
  std::unique_ptr<kernel::PanelStore> store_;
  std::vector<double> diagonal_;
};

}  // namespace

std::uint64_t matrix_panels(std::uint64_t order) {
  return kernel::PanelCut{order, kernel::product_tile_rows}.count();
}

std::unique_ptr<FactoredSum> make_factored_sum(const TensorContext& tensor, const StoreMaker& make_store) {
  if (tensor.matrices.is_stored) return std::make_unique<StoredSum>(tensor, make_store);
  return std::make_unique<HeldSum>(tensor);
}

void add_factor_cost(const TensorContext& tensor, SurveyCost& cost) {
  const std::uint64_t order = tensor.matrices.order;
  cost.needed_bytes_per_lane = MatrixSum::lane_bytes(tensor);
  if (!tensor.matrices.is_stored) {
    cost.needed_bytes = MatrixSum::bytes(order);
    return;
  }
  const std::uint64_t panel_bytes = sizeof(double) * order * kernel::product_tile_rows;
  cost.needed_bytes = 3 * panel_bytes;
  cost.needed_bytes_per_lane += panel_bytes;
  for (std::size_t p = 0; p < matrix_panels(order); ++p) {
    cost.scratch_bytes += sizeof(double) * kernel::PanelCut{order, kernel::product_tile_rows}.values(p);
  }
}

}  // namespace stockpot::method
