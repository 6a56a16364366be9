#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stockpot::layering {

/// The text with the content of comments, string and character literals blanked; lines keep their numbers.
/// `#include` lines are left as they stand.
std::string blank_comments_and_literals(std::string_view text);

struct Include {
  std::string path;  ///< without the brackets or quotes
  int line = 0;
};
/// Every #include of a blanked or unblanked text.
std::vector<Include> includes_of(std::string_view text);

/// A declaration with the `///` lines right above it.
struct Declaration {
  std::string documentation;  ///< without the slashes, one line each; empty if there is none
  std::string text;           ///< up to the first `;` or `{`, on one line
  int line = 0;               ///< of its first line
};
/// Every declaration at any depth of a header, in a way that is good enough for code that clang-format wrote.
std::vector<Declaration> declarations_of(std::string_view text);

}  // namespace stockpot::layering
