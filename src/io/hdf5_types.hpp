#pragma once

#include <optional>

#include "hdf5_handle.hpp"
#include "stockpot/tensor/dtype.hpp"

namespace stockpot::io {

/// The type that a dataset of `dtype` is created with; u8 where HDF5 has no counterpart.
Hdf5Handle hdf5_type(DType dtype, const Hdf5Check& check);
/// True if `hdf5_type(dtype)` alone says which dtype it is; others carry the attribute `dtype`.
bool hdf5_type_says_all(DType dtype);
/// The dtype a stored type stands for: little-endian integers, IEEE and custom floats, a one-byte enum
/// (h5py's bool) and the compound {r, i} of two f32 (h5py's complex64). nullopt for everything else.
std::optional<DType> dtype_of(hid_t type);

}  // namespace stockpot::io
