#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernel/kernel_table.hpp"
#include "kernel/require.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/kernel/gram.hpp"
#include "stockpot/kernel/linear_form.hpp"
#include "stockpot/kernel/random.hpp"
#include "stockpot/kernel/sums.hpp"

namespace stockpot::kernel {
namespace {

/// Best first, the reference last.
const std::vector<const KernelTable*>& all_tables() {
  static const std::vector<const KernelTable*> tables = [] {
    std::vector<const KernelTable*> list = cpu::tables();
    list.push_back(&reference::table());
    return list;
  }();
  return tables;
}

const KernelTable* table_named(std::string_view name, std::string_view asked_by) {
  if (name.empty()) return all_tables().front();
  std::string known;
  for (const KernelTable* table : all_tables()) {
    if (table->name == name) return table;
    known += (known.empty() ? "" : ", ") + std::string(table->name);
  }
  throw Error(ExitCode::usage, std::string(asked_by) + ": instruction set " + quote(name) +
                                   " is not available here, but " + known + " are");
}

std::atomic<const KernelTable*>& chosen() {
  static std::atomic<const KernelTable*> table = [] {
    const char* const name = std::getenv("STOCKPOT_SIMD");
    return table_named(name == nullptr ? "" : name, "STOCKPOT_SIMD");
  }();
  return table;
}

void require_inputs(std::span<const TypedInput> inputs) {
  for (const TypedInput& input : inputs)
    require(is_mergeable(input.dtype), "kernel: an input's dtype is not mergeable");
}

}  // namespace

const KernelTable& current_table() {
  return *chosen().load(std::memory_order_relaxed);
}

ElementCounts linear_form(const LinearForm& form, std::span<const TypedInput> inputs, TypedInput anchor,
                          TypedOutput output, std::uint64_t count) {
  require(form.weights.size() == inputs.size(), "linear_form: not as many weights as inputs");
  require(is_output(output.dtype), "linear_form: not an output dtype");
  require(!form.needs_anchor() || is_mergeable(anchor.dtype),
          "linear_form: the anchor's dtype is not mergeable");
  require_inputs(inputs);
  return current_table().linear_form(form, inputs, anchor, output, count);
}

void add_to_running_sum(const LinearForm& form, std::size_t first_model, std::span<const TypedInput> inputs,
                        TypedInput anchor, std::span<double> sums) {
  require(first_model <= form.weights.size() && inputs.size() <= form.weights.size() - first_model,
          "add_to_running_sum: more inputs than weights");
  require(!form.task_vectors || is_mergeable(anchor.dtype),
          "add_to_running_sum: the anchor's dtype is not mergeable");
  require_inputs(inputs);
  current_table().add_to_running_sum(form, first_model, inputs, anchor, sums);
}

ElementCounts finish_running_sum(const LinearForm& form, std::span<const double> sums, TypedInput anchor,
                                 TypedOutput output) {
  require(is_output(output.dtype), "finish_running_sum: not an output dtype");
  require(!form.anchor_weight || is_mergeable(anchor.dtype),
          "finish_running_sum: the anchor's dtype is not mergeable");
  return current_table().finish_running_sum(form, sums, anchor, output);
}

ElementCounts convert(TypedInput input, TypedOutput output, std::uint64_t count) {
  require(is_mergeable(input.dtype) && is_output(output.dtype), "convert: not a dtype to convert");
  if (input.dtype == output.dtype) {
    if (count != 0)
      std::memmove(output.data, input.data, count * static_cast<std::uint64_t>(bytes(input.dtype)));
    return {count_nonfinite({output.dtype, output.data}, count)};
  }
  static const LinearForm identity{.weights = {1.0}, .divisor = {}, .anchor_weight = {}};
  return current_table().linear_form(identity, std::span(&input, 1), {}, output, count);
}

std::uint64_t count_nonfinite(TypedInput input, std::uint64_t count) {
  require(is_mergeable(input.dtype), "count_nonfinite: the dtype is not mergeable");
  return current_table().count_nonfinite(input, count);
}

void gram(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
          std::span<double> sums) {
  require(sums.size() == gram_width(inputs.size()), "gram: not as many sums as pairs of inputs");
  require(anchor.data == nullptr || is_mergeable(anchor.dtype), "gram: the anchor's dtype is not mergeable");
  require_inputs(inputs);
  current_table().gram(inputs, anchor, count, sums);
}

double lane_sum(std::span<const double> values) {
  return current_table().lane_sum(values);
}

double absolute_sum(std::span<const double> values) {
  return current_table().absolute_sum(values);
}

double sum_of_products(std::span<const double> a, std::span<const double> b) {
  require(a.size() == b.size(), "sum_of_products: vectors of different lengths");
  return current_table().sum_of_products(a, b);
}

void random_words(RandomKey key, std::uint64_t first_element, std::span<std::uint32_t> words) {
  current_table().random_words(key, first_element, words);
}

void random_keep_bits(RandomKey key, std::uint64_t first_element, std::uint64_t count,
                      std::uint64_t threshold, std::uint64_t* bits) {
  require(threshold <= std::uint64_t{1} << 32, "random_keep_bits: the threshold is above 2^32");
  current_table().random_keep_bits(key, first_element, count, threshold, bits);
}

const char* instruction_set() {
  return current_table().name;
}

std::vector<std::string> available_instruction_sets() {
  std::vector<std::string> names;
  for (const KernelTable* available : all_tables()) names.emplace_back(available->name);
  return names;
}

void restrict_instruction_set(const char* name) {
  chosen().store(table_named(name, "restrict_instruction_set"), std::memory_order_relaxed);
}

}  // namespace stockpot::kernel
