#include "method/majority_stage.hpp"

#include <array>
#include <bit>

namespace stockpot::method {

void MajorityStage::take(std::size_t, const Tile& tile, const std::vector<SparseRule>& rules) {
  std::int64_t balance = 0;
  for_each_piece(rules, tile, tile.first, tile.count, tile.count,
                 [&](std::uint64_t, std::uint64_t count, std::span<const kernel::SparsePart> parts,
                     kernel::TypedInput anchor) { balance += kernel::sign_balance(parts, anchor, count); });
  balance_ += balance;
}

void MajorityStage::end_round(stats::Reducer& reducer) {
  // Two's complement, so that counts of both signs add up.
  std::array<std::uint64_t, 1> sum{std::bit_cast<std::uint64_t>(balance_.load())};
  reducer.add(sum);
  sign_ = std::bit_cast<std::int64_t>(sum.front()) >= 0 ? 1.0 : -1.0;
}

}  // namespace stockpot::method
