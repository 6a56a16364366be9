#include "engine/token_rows.hpp"

#include <algorithm>

#include "engine/gradient_rows.hpp"

namespace stockpot::engine {
namespace {

/// Most positions of a dataset that are read in one piece.
constexpr std::uint64_t piece_windows = 16;

/// The dataset as [tokens, width]: examples stand one after the other.
io::SampleRows by_position(const io::SampleRows& rows) {
  io::SampleRows positions = rows;
  positions.entries = rows.entries * rows.tokens_per_entry;
  positions.tokens_per_entry = 1;
  return positions;
}

void append_range(const std::vector<double>& from, std::uint64_t first, std::uint64_t count,
                  std::vector<double>& to) {
  const auto begin = from.begin() + static_cast<std::ptrdiff_t>(first);
  to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

TokenCounts MaskCounts::of(const TokenPart& part) {
  if (!part.rows->mask) return nullptr;
  TokenCounts& known = known_[{part.file, part.rows->mask->address}];
  if (known) return known;
  const io::SampleRows positions = by_position(*part.rows);
  // Chunked masks are read by whole examples, so a piece is many windows.
  constexpr std::uint64_t read_positions = token_window * 4096;
  std::vector<std::uint64_t> counts{0};
  for (std::uint64_t first = 0; first < positions.entries; first += read_positions) {
    const std::uint64_t count = std::min(read_positions, positions.entries - first);
    for (const std::uint64_t tokens : part.file->count_windows(positions, first, count, token_window)) {
      counts.push_back(counts.back() + tokens);
    }
  }
  known = std::make_shared<const std::vector<std::uint64_t>>(std::move(counts));
  return known;
}

TokenRows::TokenRows(const std::vector<TokenPart>& parts, MaskCounts& masks)
    : width_(parts.front().rows->width) {
  for (const TokenPart& part : parts) {
    Part added{part.file, by_position(*part.rows), masks.of(part), 0};
    added.tokens = added.counts ? added.counts->back() : added.positions.entries;
    rows_ += added.tokens;
    parts_.push_back(std::move(added));
  }
}

void TokenRows::read(std::uint64_t first, std::uint64_t count, std::vector<double>& values) const {
  values.clear();
  values.reserve(static_cast<std::size_t>(count * width_));
  for (const Part& part : parts_) {
    if (count == 0) break;
    if (first < part.tokens) {
      const std::uint64_t end = std::min(part.tokens, first + count);
      append(part, first, end, values);
      count -= end - first;
      first = end;
    }
    first -= part.tokens;
  }
}

void TokenRows::append(const Part& part, std::uint64_t first, std::uint64_t end,
                       std::vector<double>& values) const {
  std::vector<double> piece;
  if (!part.counts) {
    part.file->read_tokens(part.positions, first, end - first, piece);
    append_range(piece, 0, piece.size(), values);
    return;
  }
  const std::vector<std::uint64_t>& before = *part.counts;
  const auto found = std::upper_bound(before.begin(), before.end(), first) - 1;
  for (auto window = static_cast<std::uint64_t>(found - before.begin()); first < end;) {
    const std::uint64_t begin_token = before[window];
    std::uint64_t stop = window;
    while (stop - window < piece_windows && before[stop] < end) ++stop;
    const std::uint64_t position = window * token_window;
    const std::uint64_t positions = std::min(stop * token_window, part.positions.entries) - position;
    part.file->read_tokens(part.positions, position, positions, piece);
    const std::uint64_t taken = std::min(before[stop], end) - first;
    append_range(piece, (first - begin_token) * width_, taken * width_, values);
    first += taken;
    window = stop;
  }
}

std::uint64_t TokenRows::read_workspace_bytes(std::uint64_t count) const {
  std::uint64_t most = 0;
  for (const Part& part : parts_) {
    const std::uint64_t positions = part.counts ? piece_windows * token_window : count;
    std::uint64_t bytes = positions * width_ * sizeof(double);
    if (!part.positions.data.offset) {  // widened, then copied twice
      bytes = 3 * bytes + library_bytes(part.positions.data, positions * width_);
    }
    most = std::max(most, bytes);
  }
  return most;
}

}  // namespace stockpot::engine
