#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "stockpot/checkpoint/view.hpp"

namespace stockpot::checkpoint {

/// The view that is stored tensor `index` itself.
TensorView whole_view(const Checkpoint& checkpoint, std::uint32_t index,
                      const std::optional<BlockScale>& scale);

/// Elements [first, first + size) of `view` along `dim`, nameless; nullopt when no regular rows say that (a
/// concatenation along one dimension cut along another). @pre dim < rank, first + size <= shape[dim]
std::optional<TensorView> cut_view(const Checkpoint& checkpoint, const TensorView& view, std::size_t dim,
                                   std::uint64_t first, std::uint64_t size);

/// `views` one behind the other along `dim`, nameless; nullopt as above. @pre not empty, equal dtypes and
/// shapes but for `dim` < rank
std::optional<TensorView> join_views(const Checkpoint& checkpoint, std::span<const TensorView* const> views,
                                     std::size_t dim);

/// False if some row of the view's tensors begins or ends inside a byte.
bool fills_whole_bytes(const Checkpoint& checkpoint, const TensorView& view);

}  // namespace stockpot::checkpoint
