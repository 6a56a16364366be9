#include "stockpot/kernel/fisher_mean.hpp"

#include <cstring>
#include <limits>

#include "kernel/kernel_table.hpp"
#include "kernel/require.hpp"

namespace stockpot::kernel {
namespace {

template <typename Float>
std::uint64_t count_invalid(const std::byte* data, std::uint64_t count) {
  std::uint64_t invalid = 0;
  for (std::uint64_t index = 0; index < count; ++index) {
    Float value;
    std::memcpy(&value, data + index * sizeof(Float), sizeof(Float));
    const bool is_valid = value >= Float{0} && value <= std::numeric_limits<Float>::max();
    invalid += is_valid ? 0 : 1;
  }
  return invalid;
}

}  // namespace

std::uint64_t count_invalid_fisher(TypedInput fisher, std::uint64_t count) {
  require(fisher.dtype == DType::f32 || fisher.dtype == DType::f64, "count_invalid_fisher: not f32 or f64");
  return fisher.dtype == DType::f32 ? count_invalid<float>(fisher.data, count)
                                    : count_invalid<double>(fisher.data, count);
}

ElementCounts fisher_mean(const FisherForm& form, std::span<const TypedInput> inputs,
                          std::span<const TypedInput> fisher, TypedOutput output, std::uint64_t count) {
  const std::size_t models = inputs.size();
  require(models > 0, "fisher_mean: no models");
  require(fisher.size() == models && form.scales.size() == models && form.floors.size() == models &&
              form.weights.size() == models,
          "fisher_mean: not as many Fisher values as models");
  for (std::size_t i = 0; i < models; ++i) {
    require(is_mergeable(inputs[i].dtype) && is_mergeable(fisher[i].dtype),
            "fisher_mean: a dtype is not mergeable");
  }
  require(is_output(output.dtype), "fisher_mean: not an output dtype");
  return current_table().fisher_mean(form, inputs, fisher, output, count);
}

}  // namespace stockpot::kernel
