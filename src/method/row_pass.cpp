#include "method/row_pass.hpp"

#include <algorithm>
#include <utility>

namespace stockpot::method {
namespace {

class RowPass : public ElementPass {
 public:
  RowPass(TensorContext tensor, Span span, SolveGeometry solve)
      : tensor_(std::move(tensor)), span_(span), solve_(std::move(solve)), row_(row_length(tensor_)) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    kernel::ElementCounts counts;
    const std::uint64_t begin = tile.first - tile.before;  // of the inputs; a row's beginning
    const std::uint64_t end = tile.first + tile.count;
    for (std::uint64_t row = tile.first - (tile.first - begin) % row_; row < end; row += row_) {
      const kernel::LinearForm form = solve_(tensor_, geometry_of(span_, tile, row - begin, row_)).form;
      const std::uint64_t first = std::max(row, tile.first);
      const std::uint64_t count = std::min(row + row_, end) - first;
      std::vector<kernel::TypedInput> inputs;
      for (const kernel::TypedInput& input : tile.inputs) inputs.push_back(skip(input, first - begin));
      counts.nonfinite += kernel::linear_form(form, inputs, skip(tile.anchor, first - begin),
                                              skip(tile.output, first - tile.first), count)
                              .nonfinite;
    }
    return counts;
  }

 private:
  TensorContext tensor_;
  Span span_;
  SolveGeometry solve_;
  std::uint64_t row_;
};

}  // namespace

std::uint64_t row_length(const TensorContext& tensor) {
  return std::max<std::uint64_t>(1, tensor.shape.size() < 2 ? tensor.elements : tensor.shape.back());
}

std::unique_ptr<ElementPass> make_row_pass(const TensorContext& tensor, Span span, SolveGeometry solve) {
  return std::make_unique<RowPass>(tensor, span, std::move(solve));
}

}  // namespace stockpot::method
