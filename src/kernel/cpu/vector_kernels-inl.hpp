// What each source of vector code gives to the table of its instruction set. Included once per instruction
// set.
#if defined(STOCKPOT_KERNEL_VECTOR_KERNELS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STOCKPOT_KERNEL_VECTOR_KERNELS_INL_HPP
#undef STOCKPOT_KERNEL_VECTOR_KERNELS_INL_HPP
#else
#define STOCKPOT_KERNEL_VECTOR_KERNELS_INL_HPP
#endif

#include <hwy/highway.h>

#include "kernel/kernel_table.hpp"

HWY_BEFORE_NAMESPACE();
namespace stockpot::kernel::cpu {
namespace HWY_NAMESPACE {

SelectionKernels selection_kernels();
TaskVectorKernels task_vector_kernels();
OwnershipKernels ownership_kernels();
NearswapKernel nearswap_kernel();
FisherMeanKernel fisher_mean_kernel();

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace stockpot::kernel::cpu
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
