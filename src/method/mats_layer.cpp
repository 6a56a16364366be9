#include "method/mats_layer.hpp"

#include <algorithm>

#include "method/mats_start.hpp"

namespace stockpot::method {

MatsLayerSurvey::MatsLayerSurvey(const TensorContext& tensor)
    : equation_(tensor), tensor_(tensor), iterations_(tensor) {}

std::uint64_t MatsLayerSurvey::leaf_count() const {
  if (columns_run(tensor_) >= tensor_.elements) return 1;
  return (equation_.columns() + kernel::solve_block_columns - 1) / kernel::solve_block_columns;
}

/// One for each block of columns, or one for a tensor that is never cut.
std::vector<ProductLeaf> MatsLayerSurvey::leaves() const {
  std::vector<ProductLeaf> leaves;
  for (const OwnElements& stretch : equation_.unknown().stretches()) {
    if (leaf_count() == 1) {
      leaves.push_back({0, stretch.offset, stretch.count});
      continue;
    }
    const std::uint64_t leaf = kernel::solve_block_columns * equation_.order();
    for (std::uint64_t done = 0; done < stretch.count; done += leaf) {
      leaves.push_back(
          {(stretch.first + done) / leaf, stretch.offset + done, std::min(leaf, stretch.count - done)});
    }
  }
  return leaves;
}

void MatsLayerSurvey::end_round(stats::Reducer& reducer) {
  SolvedElements& unknown = equation_.unknown();
  if (next_ == Reading::everything) {
    equation_.begin();
    rhs_.assign(unknown.count(), 0.0);
    begin_matrices();
    next_ = Reading::matrices;
    return;
  }
  end_matrices(reducer);
  equation_.apply(*make_start(tensor_), unknown.values());
  equation_.release_models();
  iterations_.run([this](auto vector, auto product) { apply_operator(vector, product); }, leaves(),
                  leaf_count(), rhs_, unknown.values(), [this] { return operator_diagonal(); }, reducer);
  release_matrices();
  rhs_ = {};
  next_ = Reading::nothing;
}

}  // namespace stockpot::method
