#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "stockpot/kernel/task_vectors.hpp"
#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// A magnitude and which of its ties are kept: those at positions of the tensor before `bound`.
struct Cut {
  double value = 0.0;
  std::uint64_t bound = std::numeric_limits<std::uint64_t>::max();
};

/// Decides which entries of one model's task vector are kept, element by element. Thread safe.
class KeepBits {
 public:
  KeepBits() = default;
  KeepBits(const KeepBits&) = delete;
  KeepBits& operator=(const KeepBits&) = delete;
  virtual ~KeepBits() = default;
  /// Bit e % 64 of bits[e / 64] stands for element first + e of the tensor, which the tile holds; where the
  /// method works on rows, with its whole row.
  virtual void fill(const Tile& tile, std::size_t model, std::uint64_t first, std::uint64_t count,
                    std::uint64_t* bits) const = 0;
  /// True if the bits are the same for every model: those of one are then used for all.
  [[nodiscard]] virtual bool same_for_all_models() const { return false; }
};

/// What is done to one model's task vector before it is summed.
struct SparseRule {
  double weight = 1.0;
  bool drops_all = false;
  std::optional<Cut> least;  ///< entries below are dropped
  std::optional<Cut> most;   ///< entries above are dropped
  std::shared_ptr<const KeepBits> keep;
  double factor = 1.0;
  double divisor = 1.0;
};

/// What to do with consecutive elements [first, first + count) of a tensor, one part per model, and the
/// anchor at the first of them.
using PieceWork = std::function<void(std::uint64_t first, std::uint64_t count,
                                     std::span<const kernel::SparsePart> parts, kernel::TypedInput anchor)>;

/// Goes through elements [first, first + count) of a tile in pieces within which every rule is one interval
/// of magnitudes. Pieces are at most `longest` elements.
void for_each_piece(const std::vector<SparseRule>& rules, const Tile& tile, std::uint64_t first,
                    std::uint64_t count, std::uint64_t longest, const PieceWork& work);

/// The apply step that sums task vectors under rules.
std::unique_ptr<ElementPass> make_task_vector_pass(kernel::TaskVectorForm form,
                                                   std::vector<SparseRule> rules);

}  // namespace stockpot::method
