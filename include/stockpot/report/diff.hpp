#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/report/inspect.hpp"
#include "stockpot/report/options.hpp"
#include "stockpot/tensor/dtype.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::report {

/// Numbers of two vectors a and b, computed in double. nullopt where values can't be compared. Not finite
/// when an element isn't, or a norm is 0.
struct Distance {
  std::optional<std::uint64_t> differing;  ///< elements; of one dtype: with other bits, else: of other value
  std::optional<double> largest;           ///< max |a - b|; infinite where only one is NaN
  std::optional<double> relative;          ///< |a - b| / |a|, L2 norms; 0 when a equals b
  std::optional<double> cosine;            ///< in [-1, 1], exactly 1 when a equals b
};

/// A tensor that both models have.
struct TensorDifference {
  std::string name;
  DType dtype_a = DType::f32;
  DType dtype_b = DType::f32;
  Shape shape_a;
  Shape shape_b;
  Distance distance;
  bool equal = false;
};

/// What stands in one of the models only.
struct UnmatchedTensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
};

/// How model b differs from model a, the same on every rank and for any number of them.
struct ModelDifference {
  std::vector<UnmatchedTensor> only_in_a;
  std::vector<UnmatchedTensor> only_in_b;
  std::vector<TensorDifference> tensors;  ///< sorted by name bytewise
  Distance distance;                      ///< over all elements that were compared
  std::optional<double> tolerance;

  [[nodiscard]] bool equal() const;
};

/// Collective. Compares two models tensor by tensor; a name that one of them ties to another tensor stands
/// for that one. Without a tolerance, tensors are equal when dtype, shape and bytes are; with one, when the
/// shape is and no |a - b| exceeds it, whatever the (floating, or integer) dtypes; NaN equals NaN. Sums run
/// over leaves of 65536 elements and one fixed tree. Throws on every rank alike: Error{usage} for a tolerance
/// that is negative or not finite, Error{input}, Error{stopped}. Cost: both models are read once, spread over
/// ranks and threads; 2 MiB of buffers a thread.
ModelDifference diff(comm::Communicator& world, const std::string& reference_a,
                     const std::string& reference_b, std::optional<double> tolerance, const Options& options);

/// {"equal":, "tolerance":, "only_in_a": [name], "only_in_b": [name], "tensors": {name: {"equal":, "dtype":
/// {"a":, "b":}, "shape": {"a":, "b":}, "differing":, "max_abs_difference":, "relative_l2":, "cosine":}},
/// "total": {...}}; numbers that are not finite or do not exist are null.
std::string difference_json(const ModelDifference& found);
/// What differs, as a table for people.
std::string difference_text(const ModelDifference& found, Listing listing);

}  // namespace stockpot::report
