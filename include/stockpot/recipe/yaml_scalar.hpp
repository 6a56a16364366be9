#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace stockpot::recipe {

/// What a plain scalar stands for: null, a boolean, an integer, a float, or text.
using YamlScalar = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// Resolves a plain (unquoted) scalar as PyYAML's safe loader does, i.e. by YAML 1.1: `yes`, `on` are
/// booleans, `010` is 8, `1_000` is 1000, `1:30` is 90, and `1e-5` (no dot) is text. Integers beyond 64 bits
/// become floats. Infinities and NaN are floats.
YamlScalar resolve_scalar(std::string_view text);

/// The number that text (quoted, or left as text by `resolve_scalar`) stands for where a number is expected:
/// blanks around it and single underscores between digits are allowed. nullopt for anything else.
std::optional<double> number_from_text(std::string_view text);

}  // namespace stockpot::recipe
