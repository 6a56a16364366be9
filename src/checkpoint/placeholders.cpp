#include "stockpot/checkpoint/placeholders.hpp"

namespace stockpot::checkpoint {
namespace {

constexpr std::string_view rank_placeholder = "{rank}";
constexpr std::string_view node_placeholder = "{node}";

}  // namespace

bool has_placeholder(std::string_view path) {
  return path.find(rank_placeholder) != std::string_view::npos ||
         path.find(node_placeholder) != std::string_view::npos;
}

std::string fill_placeholders(std::string_view path, const Reader& reader) {
  std::string filled;
  while (!path.empty()) {
    if (path.starts_with(rank_placeholder)) {
      filled += std::to_string(reader.rank);
      path.remove_prefix(rank_placeholder.size());
    } else if (path.starts_with(node_placeholder)) {
      filled += reader.node;
      path.remove_prefix(node_placeholder.size());
    } else {
      filled += path.front();
      path.remove_prefix(1);
    }
  }
  return filled;
}

}  // namespace stockpot::checkpoint
