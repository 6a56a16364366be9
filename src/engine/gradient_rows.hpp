#pragma once

#include <cstdint>
#include <vector>

#include "engine/row_source.hpp"
#include "stockpot/io/sample_file.hpp"

namespace stockpot::engine {

/// A tensor's gradients in one sample file; both live elsewhere.
struct GradientPart {
  const io::SampleFile* file = nullptr;
  const io::SampleGradients* gradients = nullptr;
};

/// Factors of the gradients of examples [first, first + count): p(class) of exact labels, [count, classes];
/// else empty, each counts once.
std::vector<double> gradient_weights(const GradientPart& part, std::uint64_t first, std::uint64_t count);

/// Gradients of one tensor as rows, over all sample files in their order: one an example, or for exact labels
/// one for each class, times the root of its probability.
class GradientRows final : public RowSource {
 public:
  /// @pre parts of equal shape, at least one
  explicit GradientRows(std::vector<GradientPart> parts);

  [[nodiscard]] std::uint64_t rows() const override { return rows_; }
  [[nodiscard]] std::uint64_t width() const override { return parts_.front().gradients->elements; }
  void read(std::uint64_t first, std::uint64_t count, std::vector<double>& values) const override;
  [[nodiscard]] std::uint64_t read_workspace_bytes(std::uint64_t count) const override;

 private:
  std::vector<GradientPart> parts_;
  std::uint64_t rows_ = 0;
};

/// Bytes that the library takes beside the values to deliver `elements` of a dataset; none where they lie
/// contiguous.
std::uint64_t library_bytes(const io::StoredDataset& data, std::uint64_t elements);

}  // namespace stockpot::engine
