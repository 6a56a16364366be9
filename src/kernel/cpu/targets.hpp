// Instruction sets that vector code is not built for; comes before <hwy/foreach_target.h>. Scalable vectors
// can't be members of a struct; where there are only those, or nothing but scalars, the reference takes over
// (STOCKPOT_KERNEL_VECTORS is 0).
#pragma once

#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

#define STOCKPOT_KERNEL_VECTORS (HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && HWY_HAVE_FLOAT64)
