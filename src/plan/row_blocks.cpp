#include "plan/row_blocks.hpp"

#include <algorithm>
#include <set>

namespace stockpot::plan {

std::vector<HeldRows> cut_rows(const std::vector<std::uint64_t>& row_counts,
                               recipe::VocabularyPolicy policy) {
  std::set<std::uint64_t> ends(row_counts.begin(), row_counts.end());
  if (policy == recipe::VocabularyPolicy::common) ends.erase(std::next(ends.begin()), ends.end());
  if (ends.size() > 1) ends.erase(0);
  std::vector<HeldRows> blocks;
  for (const std::uint64_t end : ends) {
    HeldRows& block = blocks.emplace_back();
    block.first = blocks.size() == 1 ? 0 : blocks[blocks.size() - 2].end;
    block.end = end;
    for (std::size_t i = 0; i < row_counts.size(); ++i) {
      if (row_counts[i] >= end) block.holders.push_back(i);
    }
  }
  return blocks;
}

}  // namespace stockpot::plan
