// Compiled once per instruction set by foreach_target.h.
#include "kernel/cpu/targets.hpp"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/cpu/task_vectors.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first: it sets what the other headers read.
#include <hwy/highway.h>

#include <algorithm>
#include <vector>

#include "kernel/cpu/vector_kernels-inl.hpp"
#if STOCKPOT_KERNEL_VECTORS
#include "kernel/cpu/election-inl.hpp"
#endif

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

#if STOCKPOT_KERNEL_VECTORS

struct SparseRowChoice {
  template <class In>
  constexpr auto of() const {
    return &sparse_row<In>;
  }
};
struct AddSparseChoice {
  template <class In>
  constexpr auto of() const {
    return &add_sparse<In>;
  }
};

/// Whether everything is bf16, so that its order in a group is free. Bits of `keep` and divisors have an
/// order.
bool pairs(std::span<const SparsePart> parts, TypedInput anchor, TypedOutput output) {
  return output.dtype == DType::bf16 && anchor.dtype == DType::bf16 &&
         std::all_of(parts.begin(), parts.end(), [](const SparsePart& part) {
           return part.input.dtype == DType::bf16 && part.keep == nullptr && part.divisors == nullptr;
         });
}

/// Quotients block by block, without election.
class PlainSum {
 public:
  PlainSum(const TaskVectorForm& form, std::span<const SparsePart> parts, bool paired)
      : parts_(parts), paired_(paired), quotient_(form) {}

  void block(std::uint64_t begin, std::uint64_t count, const double* anchor, double* quotients) {
    RunningSums sums{quotients, quotient_.by_weights() ? weights_.data() : nullptr,
                     quotient_.marks_untouched() ? untouched_.data() : nullptr};
    for (const SparsePart& part : parts_) {
      for_input(part.input.dtype, paired_, AddSparseChoice())(part, begin, anchor, sums, count);
      sums.start = false;
    }
    divide_running(quotient_, sums, count);
  }

 private:
  std::span<const SparsePart> parts_;
  bool paired_;
  ContributionQuotient quotient_;
  alignas(64) Row weights_;
  alignas(64) Row untouched_;
};

/// The entries of all parts, block by block.
class BallotBlock {
 public:
  BallotBlock(std::span<const SparsePart> parts, bool paired)
      : parts_(parts), paired_(paired), rows_(parts.size()) {
    for (const SparsePart& part : parts) weights_.push_back(part.weight);
  }

  Ballots at(std::uint64_t begin, std::uint64_t count, const double* anchor) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const auto row = for_input(parts_[i].input.dtype, paired_, SparseRowChoice());
      row(parts_[i], begin, anchor, rows_[i].data(), count);
    }
    return {rows_, weights_.data()};
  }

 private:
  std::span<const SparsePart> parts_;
  bool paired_;
  std::vector<Row> rows_;
  std::vector<double> weights_;
};

/// Calls `make_quotients(begin, count, anchor, quotients)` for each block and adds lambda times them to the
/// anchor.
template <class MakeQuotients>
ElementCounts add_quotients(double lambda, TypedInput anchor, TypedOutput output, std::uint64_t whole,
                            bool paired, MakeQuotients make_quotients) {
  const LinearForm sum{.weights = {}, .divisor = {}, .scale = lambda, .anchor_weight = 1.0};
  const FinishBlock finish_block = for_output(output.dtype, paired, FinishChoice());
  WideBlock anchor_block(anchor, true, paired);
  Row quotients;
  ElementCounts counts;
  for (std::uint64_t begin = 0; begin < whole; begin += row_elements) {
    const std::uint64_t size = std::min(row_elements, whole - begin);
    const double* const b = anchor_block.at(begin, size);
    make_quotients(begin, size, b, quotients.data());
    counts.nonfinite += finish_block(sum, quotients.data(), b, skip(output, begin).data, size);
  }
  return counts;
}

ElementCounts combine_task_vectors(const TaskVectorForm& form, std::span<const SparsePart> parts,
                                   TypedInput anchor, TypedOutput output, std::uint64_t count) {
  const std::uint64_t whole = parts.empty() ? 0 : whole_groups(count);
  const bool paired = pairs(parts, anchor, output);
  ElementCounts counts;
  if (form.election == Election::none) {
    PlainSum sum(form, parts, paired);
    counts = add_quotients(form.lambda, anchor, output, whole, paired,
                           [&sum](std::uint64_t begin, std::uint64_t size, const double* b,
                                  double* quotients) { sum.block(begin, size, b, quotients); });
  } else {
    BallotBlock ballots(parts, paired);
    const ContributionQuotient quotient(form);
    const auto elect_block = form.election == Election::weighted ? &elect<true> : &elect<false>;
    counts =
        add_quotients(form.lambda, anchor, output, whole, paired,
                      [&](std::uint64_t begin, std::uint64_t size, const double* b, double* quotients) {
                        elect_block(ballots.at(begin, size, b), form.tie_sign, quotient, quotients, size);
                      });
  }
  counts.nonfinite += reference::combine_task_vectors(form, parts, anchor, output, whole, count).nonfinite;
  return counts;
}

std::int64_t sign_balance(std::span<const SparsePart> parts, TypedInput anchor, std::uint64_t count) {
  const std::uint64_t whole = whole_groups(count);
  const bool paired = pairs(parts, anchor, {DType::bf16, nullptr});
  BallotBlock ballots(parts, paired);
  WideBlock anchor_block(anchor, true, paired);
  std::int64_t balance = 0;
  for (std::uint64_t begin = 0; begin < whole; begin += row_elements) {
    const std::uint64_t size = std::min(row_elements, whole - begin);
    balance += balance_of(ballots.at(begin, size, anchor_block.at(begin, size)), size);
  }
  return balance + reference::sign_balance(parts, anchor, whole, count);
}

void sparsified(const SparsePart& part, TypedInput anchor, std::uint64_t count, double* entries) {
  const std::uint64_t whole = whole_groups(count);
  const auto row = for_input(part.input.dtype, false, SparseRowChoice());
  WideBlock anchor_block(anchor, true, false);
  for (std::uint64_t begin = 0; begin < whole; begin += block_elements) {
    const std::uint64_t size = std::min(block_elements, whole - begin);
    row(part, begin, anchor_block.at(begin, size), entries + begin, size);
  }
  reference::sparsified(part, anchor, whole, count, entries);
}

TaskVectorKernels task_vector_kernels() {
  return {combine_task_vectors, sign_balance, sparsified};
}

#else

TaskVectorKernels task_vector_kernels() {
  return reference::task_vector_kernels();
}

#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();
