#pragma once

#include <cstdint>
#include <span>

#include "stockpot/kernel/selection.hpp"

namespace stockpot::kernel {

/// One implementation of selection.hpp; contracts as there.
struct SelectionKernels {
  void (*magnitudes)(TypedInput x, TypedInput anchor, std::uint64_t count, double* keys);
  void (*variances)(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count, double* keys);
  void (*variances_not_below)(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
                              double least, std::uint64_t* bits);
  BracketCount (*count_bracket)(std::span<const double> keys, Bracket bracket, double* candidates);
};

namespace reference {
SelectionKernels selection_kernels();
void magnitudes(TypedInput x, TypedInput anchor, std::uint64_t count, double* keys);
void variances(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count, double* keys);
void variances_not_below(std::span<const TypedInput> inputs, TypedInput anchor, std::uint64_t count,
                         double least, std::uint64_t* bits);
BracketCount count_bracket(std::span<const double> keys, Bracket bracket, double* candidates);
}  // namespace reference

}  // namespace stockpot::kernel
