#include <algorithm>
#include <utility>

#include "method/matrix_sum.hpp"
#include "method/mats_layer.hpp"
#include "method/mats_surveys.hpp"
#include "stockpot/kernel/symmetric.hpp"
#include "stockpot/kernel/triangle.hpp"

namespace stockpot::method {
namespace {

class ForwardSurvey : public MatsLayerSurvey {
 public:
  explicit ForwardSurvey(const TensorContext& tensor)
      : MatsLayerSurvey(tensor),
        sum_(tensor.matrices.order, tensor.values.number("alpha"), tensor.values.of_models("weight")) {}

  [[nodiscard]] std::uint64_t matrix_parts() const override { return sum_.panels(); }
  void take_matrices(std::uint64_t part, MatrixSource& source) override {
    sum_.add_panel(part, source, &equation_, rhs_);
  }

 private:
  void begin_matrices() override { sum_.begin(); }
  void end_matrices(stats::Reducer&) override { kernel::symmetrise(sum_.data(), sum_.order(), sum_.order()); }
  void apply_operator(std::span<const double> vector, std::span<double> product) override {
    std::fill(product.begin(), product.end(), 0.0);
    const kernel::SymmetricPanel whole{sum_.data(), sum_.order(), 0, sum_.order(), sum_.order()};
    for (const OwnElements& stretch : equation_.unknown().stretches()) {
      kernel::add_symmetric_product(whole, {}, equation_.columns_of(stretch, vector),
                                    equation_.columns_of(stretch, product));
    }
  }
  [[nodiscard]] std::vector<double> operator_diagonal() const override {
    std::vector<double> diagonal(equation_.unknown().count());
    for (const OwnElements& stretch : equation_.unknown().stretches()) {
      const kernel::Columns columns = equation_.columns_of(stretch, std::span(diagonal));
      for (std::size_t c = 0; c < columns.count; ++c) {
        for (std::size_t row = 0; row < columns.length; ++row) {
          columns.column(c)[row * columns.row_stride] = sum_.diagonal(row);
        }
      }
    }
    return diagonal;
  }
  void release_matrices() override { sum_.release(); }

  MatrixSum sum_;
};

}  // namespace

std::unique_ptr<Survey> make_forward_mats_survey(const TensorContext& tensor) {
  return std::make_unique<ForwardSurvey>(tensor);
}

}  // namespace stockpot::method
