#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stockpot {

/// Natural order: runs of digits compare as numbers, everything else bytewise; `layers.2` < `layers.10`.
/// A strict total order (equal numbers with different zeros fall back to bytes).
bool natural_less(std::string_view a, std::string_view b);

/// The candidate with the smallest edit distance to `word`, if it is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// "512MiB", "2GiB", "5GB", "5e9", "1.5 GB", "4096" -> bytes. Decimal suffixes k M G T (optionally with B),
/// binary ones Ki Mi Gi Ti. nullopt for anything else, negative values and overflow.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// "1.50 GiB", for people.
std::string format_size(std::uint64_t bytes);

}  // namespace stockpot
