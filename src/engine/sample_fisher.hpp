#pragma once

#include <string>
#include <vector>

#include "engine/gradient_rows.hpp"
#include "engine/statistics_collection.hpp"

namespace stockpot::engine {

/// Examples whose squares are summed into one leaf of a Fisher's tree, counted from the first.
inline constexpr std::uint64_t fisher_leaf_examples = 64;

/// Diagonal Fisher values from stored gradients: sum over examples of p_c (g_c * g_c), classes in order,
/// summed over the fixed tree of leaves of `fisher_leaf_examples`, divided once by the examples. Ranks and
/// threads share the elements, so that nothing travels.
class SampleFisher final : public FisherSource {
 public:
  struct Tensor {
    std::string name;
    std::vector<GradientPart> parts;  ///< by file
    [[nodiscard]] std::uint64_t elements() const { return parts.front().gradients->elements; }
  };
  explicit SampleFisher(std::vector<Tensor> tensors);

  [[nodiscard]] std::uint64_t least_bytes(int ranks) const override;
  [[nodiscard]] std::uint64_t work_bytes() const override;
  void write(comm::Communicator& world, const io::StatisticsWriter& writer, const StatisticsLimits& limits,
             StepProgress& progress) const override;

 private:
  [[nodiscard]] std::vector<double> mean_squares(const Tensor& tensor, std::uint64_t first,
                                                 std::uint64_t count) const;
  [[nodiscard]] std::uint64_t worker_bytes(const Tensor& tensor, std::uint64_t elements) const;
  [[nodiscard]] std::uint64_t chunk_elements(const Tensor& tensor, std::uint64_t budget_bytes) const;

  std::vector<Tensor> tensors_;
  std::uint64_t examples_ = 0;
};

}  // namespace stockpot::engine
