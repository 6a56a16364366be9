#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "recipe/parse_context.hpp"
#include "stockpot/recipe/search.hpp"

namespace stockpot::recipe {

/// `search: {space: ...}`, in written order. `models`: how many the recipe lists; none where it lists none
/// by itself (slices, modules, a trajectory). Entries with problems are left out.
std::vector<SpaceEntry> read_space(const Cursor& at, Strategy strategy, std::optional<std::uint64_t> models,
                                   const ParseContext& context);

}  // namespace stockpot::recipe
