#pragma once

#include <string>
#include <string_view>

namespace stockpot::checkpoint {

/// Who reads: `{rank}` and `{node}` in a model's path stand for these, so that ranks find copies of their
/// own.
struct Reader {
  int rank = 0;
  std::string node;  ///< name of its host
};

/// True if the path means another place for each rank or node.
[[nodiscard]] bool has_placeholder(std::string_view path);

/// The path as this reader opens it.
[[nodiscard]] std::string fill_placeholders(std::string_view path, const Reader& reader);

}  // namespace stockpot::checkpoint
