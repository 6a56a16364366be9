#include "method/mats_layer.hpp"

#include <algorithm>

#include "method/mats_start.hpp"

namespace stockpot::method {

MatsLayerSurvey::MatsLayerSurvey(const TensorContext& tensor)
    : equation_(tensor), tensor_(tensor), iterations_(tensor) {}

std::uint64_t product_leaf_elements(const TensorContext& tensor) {
  const std::uint64_t run = columns_run(tensor);
  return run >= tensor.elements ? run : kernel::solve_block_columns * tensor.matrices.order;
}

std::vector<ProductLeaf> MatsLayerSurvey::leaves() const {
  std::vector<ProductLeaf> leaves;
  const std::uint64_t leaf = product_leaf_elements(tensor_);
  for (const OwnElements& stretch : equation_.unknown().stretches()) {
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
  const std::uint64_t leaf = product_leaf_elements(tensor_);
  const std::uint64_t leaf_count = (tensor_.elements + leaf - 1) / leaf;
  equation_.apply(*make_start(tensor_), unknown.values());
  equation_.release_models();
  iterations_.run([this](auto vector, auto product) { apply_operator(vector, product); }, leaves(),
                  leaf_count, rhs_, unknown.values(), [this] { return operator_diagonal(); }, reducer);
  release_matrices();
  rhs_ = {};
  next_ = Reading::nothing;
}

}  // namespace stockpot::method
