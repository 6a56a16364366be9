#include <algorithm>
#include <optional>
#include <utility>

#include "method/mats_layer.hpp"
#include "method/mats_surveys.hpp"
#include "stockpot/kernel/symmetric.hpp"

namespace stockpot::method {
namespace {

/// One side's matrices of all models, each [order, order], both triangles.
class Matrices {
 public:
  explicit Matrices(MatrixSide side, std::uint64_t order) : side_(side), order_(order) {}

  void begin(std::size_t models) { values_.assign(models, std::vector<double>(order_ * order_)); }
  void release() { values_ = {}; }
  [[nodiscard]] std::uint64_t panels() const {
    return (order_ + kernel::product_tile_rows - 1) / kernel::product_tile_rows;
  }
  void read_panel(std::uint64_t panel, MatrixSource& source) {
    const std::uint64_t first = panel * kernel::product_tile_rows;
    const std::uint64_t end = std::min<std::uint64_t>(first + kernel::product_tile_rows, order_);
    std::vector<double> rows(order_ * (end - first));
    for (std::size_t model = 0; model < values_.size(); ++model) {
      source.read(0, model, side_, first, end, rows);
      for (std::uint64_t j = 0; j < order_; ++j) {
        std::copy_n(&rows[j * (end - first)], end - first, &values_[model][j * order_ + first]);
      }
    }
  }
  /// @pre panels begin and end at multiples of kernel::product_tile_rows, or at the last row
  [[nodiscard]] kernel::SymmetricPanel rows(std::size_t model, std::uint64_t first, std::uint64_t end) const {
    return {values_[model].data() + first, order_, first, end, order_};
  }
  [[nodiscard]] double diagonal(std::size_t model, std::uint64_t row) const {
    return values_[model][row * order_ + row];
  }
  [[nodiscard]] std::uint64_t order() const { return order_; }

 private:
  MatrixSide side_;
  std::uint64_t order_;
  std::vector<std::vector<double>> values_;
};

/// The same elements as rows: V^T.
template <typename T>
kernel::BasicColumns<T> transposed(kernel::BasicColumns<T> columns) {
  return {columns.data, columns.count, columns.length, columns.column_stride, columns.row_stride};
}

class KfacSurvey : public MatsLayerSurvey {
 public:
  explicit KfacSurvey(const TensorContext& tensor)
      : MatsLayerSurvey(tensor),
        elements_(tensor.elements),
        alpha_(tensor.values.number("alpha")),
        weights_(tensor.values.of_models("weight")),
        inputs_(MatrixSide::input, tensor.matrices.order),
        outputs_(MatrixSide::output, tensor.matrices.output_order) {}

  [[nodiscard]] std::uint64_t matrix_parts() const override { return inputs_.panels() + outputs_.panels(); }
  void take_matrices(std::uint64_t part, MatrixSource& source) override {
    if (part < inputs_.panels()) return inputs_.read_panel(part, source);
    outputs_.read_panel(part - inputs_.panels(), source);
  }

 private:
  void begin_matrices() override {
    inputs_.begin(weights_.size());
    outputs_.begin(weights_.size());
  }
  void end_matrices(stats::Reducer& reducer) override {
    gatherer_.emplace(equation_.unknown(), reducer);
    whole_.resize(elements_);
    std::vector<double> own(equation_.unknown().count());
    for (std::size_t model = 0; model < weights_.size(); ++model) {
      equation_.widen(model, own);
      gatherer_->gather(own, whole_);
      add_sandwich(model, rhs_);
    }
  }
  void apply_operator(std::span<const double> vector, std::span<double> product) override {
    gatherer_->gather(vector, whole_);
    std::fill(product.begin(), product.end(), 0.0);
    for (std::size_t model = 0; model < weights_.size(); ++model) add_sandwich(model, product);
  }

  /// Adds this rank's columns of A X B to a flat list, X being what all ranks brought together.
  void add_sandwich(std::size_t model, std::span<double> sum) const {
    const std::span<const double> whole = whole_;
    std::vector<double> products;
    for (const OwnElements& stretch : equation_.unknown().stretches()) {
      const kernel::Columns target = equation_.columns_of(stretch, sum);
      products.assign(stretch.count, 0.0);
      const kernel::Columns half =
          equation_.columns_of({stretch.first, stretch.count, 0}, std::span(products));
      const std::uint64_t first = equation_.first_column(stretch);
      kernel::add_symmetric_product(outputs_.rows(model, first, first + half.count), {alpha_, 1.0},
                                    transposed(equation_.all_columns(whole)), transposed(half));
      kernel::add_symmetric_product(inputs_.rows(model, 0, inputs_.order()), {alpha_, weights_[model]}, half,
                                    target);
    }
  }

  [[nodiscard]] std::vector<double> operator_diagonal() const override {
    std::vector<double> diagonal(equation_.unknown().count(), 0.0);
    for (const OwnElements& stretch : equation_.unknown().stretches()) {
      const kernel::Columns columns = equation_.columns_of(stretch, std::span(diagonal));
      const std::uint64_t first = equation_.first_column(stretch);
      for (std::size_t model = 0; model < weights_.size(); ++model) {
        for (std::size_t c = 0; c < columns.count; ++c) {
          for (std::size_t row = 0; row < columns.length; ++row) {
            columns.column(c)[row * columns.row_stride] +=
                weights_[model] * inputs_.diagonal(model, row) * outputs_.diagonal(model, first + c);
          }
        }
      }
    }
    return diagonal;
  }
  void release_matrices() override {
    inputs_.release();
    outputs_.release();
    whole_ = {};
    gatherer_.reset();
  }

  std::uint64_t elements_;
  double alpha_;
  std::vector<double> weights_;
  Matrices inputs_;
  Matrices outputs_;
  std::vector<double> whole_;
  std::optional<ElementGatherer> gatherer_;
};

}  // namespace

std::unique_ptr<Survey> make_kfac_mats_survey(const TensorContext& tensor) {
  return std::make_unique<KfacSurvey>(tensor);
}

}  // namespace stockpot::method
