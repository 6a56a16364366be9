#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "method/mats_iterations.hpp"
#include "method/mats_start.hpp"
#include "method/mats_surveys.hpp"
#include "stockpot/kernel/diagonal_equation.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {
namespace {

class DiagonalSurvey : public Survey {
 public:
  explicit DiagonalSurvey(const TensorContext& tensor)
      : tensor_(tensor), start_(make_start(tensor)), iterations_(tensor) {}

  [[nodiscard]] Reading next() const override { return next_; }

  void take(std::size_t, const Tile& tile) override {
    Part part{tile.first, std::vector<double>(tile.count), std::vector<double>(tile.count),
              std::vector<double>(tile.count)};
    kernel::diagonal_equation({tensor_.values.of_models("weight"), tensor_.values.number("floor")},
                              tile.inputs, tile.statistics, part.diagonal, part.rhs);
    Tile to_start = tile;
    to_start.output = {DType::f64, reinterpret_cast<std::byte*>(part.start.data())};
    start_->apply(to_start);
    const std::lock_guard lock(mutex_);
    parts_.push_back(std::move(part));
  }

  void end_round(stats::Reducer& reducer) override {
    gather_parts();
    const std::uint64_t leaf_count = (tensor_.elements + leaf_elements - 1) / leaf_elements;
    iterations_.run(
        [this](std::span<const double> vector, std::span<double> product) {
          std::transform(vector.begin(), vector.end(), diagonal_.begin(), product.begin(),
                         std::multiplies<>());
        },
        leaves(), leaf_count, rhs_, solved_.values(), [this] { return diagonal_; }, reducer);
    diagonal_ = {};
    rhs_ = {};
    next_ = Reading::nothing;
  }

  [[nodiscard]] std::unique_ptr<ElementPass> coefficients(std::size_t) const override {
    return solved_.pass();
  }
  [[nodiscard]] Diagnostics diagnostics(std::size_t) const override { return iterations_.diagnostics(); }

 private:
  struct Part {
    std::uint64_t first = 0;
    std::vector<double> diagonal;
    std::vector<double> rhs;
    std::vector<double> start;
  };

  /// Parts came in any order; flat lists have that of the tensor.
  void gather_parts() {
    std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.first < b.first; });
    std::vector<OwnElements> stretches;
    for (Part& part : parts_) {
      stretches.push_back({part.first, part.start.size(), 0});
      diagonal_.insert(diagonal_.end(), part.diagonal.begin(), part.diagonal.end());
      rhs_.insert(rhs_.end(), part.rhs.begin(), part.rhs.end());
      solved_.values().insert(solved_.values().end(), part.start.begin(), part.start.end());
      part = {};
    }
    parts_.clear();
    solved_.set_stretches(std::move(stretches));
  }

  [[nodiscard]] std::vector<ProductLeaf> leaves() const {
    std::vector<ProductLeaf> leaves;
    for (const OwnElements& stretch : solved_.stretches()) {
      for (std::uint64_t done = 0; done < stretch.count; done += leaf_elements) {
        leaves.push_back({(stretch.first + done) / leaf_elements, stretch.offset + done,
                          std::min(leaf_elements, stretch.count - done)});
      }
    }
    return leaves;
  }

  TensorContext tensor_;
  std::unique_ptr<ElementPass> start_;
  MatsIterations iterations_;
  std::mutex mutex_;
  std::vector<Part> parts_;
  std::vector<double> diagonal_;
  std::vector<double> rhs_;
  SolvedElements solved_;
  Reading next_ = Reading::everything;
};

}  // namespace

std::unique_ptr<Survey> make_diagonal_mats_survey(const TensorContext& tensor) {
  return std::make_unique<DiagonalSurvey>(tensor);
}

}  // namespace stockpot::method
