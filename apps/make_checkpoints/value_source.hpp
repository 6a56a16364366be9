#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "stockpot/tensor/dtype.hpp"

namespace stockpot::make_checkpoints {

/// Values of a family of models: an anchor (model 0), and fine-tunes of it that lie near. Element e of a
/// tensor depends on (seed, tensor's name, model, e) alone, so any piece can be made at any time by anyone.
///   anchor(e)    = mean + spread * noise(seed, name, 0, e)
///   model m (e)  = anchor(e) + difference * noise(seed, name, m, e)
/// in float, then rounded to the dtype; noise is symmetric about 0 with variance 1. Norm weights have mean 1.
class ValueSource {
 public:
  ValueSource(std::uint64_t seed, std::string_view tensor_name, std::uint64_t model);

  /// Elements [first, first + count) in `dtype`; `out` holds exactly these. @pre is_output(dtype)
  void fill(DType dtype, std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const;

 private:
  void fill_floats(std::uint64_t first, std::span<float> out) const;

  std::uint64_t anchor_key_ = 0;
  std::uint64_t model_key_ = 0;
  bool is_anchor_ = true;
  float mean_ = 0.0F;
};

}  // namespace stockpot::make_checkpoints
