#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/recipe/recipe.hpp"

namespace stockpot::checkpoint {

/// A regular piece of a stored tensor: `run` consecutive elements of every row of `stride` elements, from
/// `first`.
struct ViewPart {
  std::uint32_t tensor = 0;  ///< index into Checkpoint::tensors
  std::uint64_t first = 0;
  std::uint64_t stride = 0;
  std::uint64_t run = 0;
};

/// Block scales of an fp8 tensor: element (row, column) is multiplied by scale[row / block_rows, column /
/// block_columns].
struct BlockScale {
  std::uint32_t tensor = 0;
  std::uint64_t columns = 0;  ///< of the fp8 tensor
  std::uint64_t block_rows = 0;
  std::uint64_t block_columns = 0;
  std::uint64_t scale_columns = 0;
};

/// A tensor as the merge sees it, under its canonical name: whole stored tensors, or what a `names:` map
/// makes of them. Row r of the view is the concatenation over parts of elements [first + r * stride, + run)
/// of each part's tensor.
struct TensorView {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;  ///< of what `ViewReader::read` delivers (F64 for scaled fp8)
  std::uint64_t rows = 1;
  std::vector<ViewPart> parts;  ///< every part has the stored dtype
  std::optional<BlockScale> scale;

  [[nodiscard]] std::uint64_t elements() const;
  /// True when the view is exactly one whole stored tensor, unscaled: its bytes can be digested as they pass.
  [[nodiscard]] bool is_plain() const { return rows == 1 && parts.size() == 1 && !scale; }
};

/// The views of a checkpoint, sorted by name bytewise. Rules apply in order to whole names (RE2); a rule with
/// `model` only to that name or reference. Two sources for one name: Error{usage}. Shapes that do not split
/// or concatenate: Error{input}. Sibling scales
/// (`*_scale_inv`) are folded into the fp8 tensor they belong to and vanish; other scaled or packed forms are
/// refused: Error{input}.
std::vector<TensorView> make_views(const Checkpoint& checkpoint, const std::vector<recipe::NameRule>& rules,
                                   const std::string& model_name);

/// Reads elements of views. Thread safe; files are opened once, on first use.
class ViewReader {
 public:
  explicit ViewReader(const Checkpoint& checkpoint);
  ~ViewReader();
  ViewReader(ViewReader&&) noexcept;

  /// Elements [first, first + count) of the flattened view, packed, in the view's dtype; `out` holds count *
  /// bytes(dtype) bytes. Sub-byte dtypes: first and count must fill whole bytes.
  void read(const TensorView& view, std::uint64_t first, std::uint64_t count, std::byte* out) const;
  /// Stored bytes [offset, offset + size) of a tensor, for digests.
  void read_stored(const StoredTensor& tensor, std::uint64_t offset, std::span<std::byte> out) const;
  /// Throws Error{input} naming the file if any file's size or time differ from when its header was read.
  void check_unchanged() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stockpot::checkpoint
