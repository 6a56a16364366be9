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

/// Block scales of an fp8 tensor, a grid over its last two dimensions: element (plane, row, column) is
/// multiplied by scale[plane, row / block_rows, column / block_columns].
struct BlockScale {
  std::uint32_t tensor = 0;   ///< the stored scales: index into Checkpoint::tensors
  std::uint64_t rows = 1;     ///< of one plane of the fp8 tensor
  std::uint64_t columns = 1;  ///< of the fp8 tensor
  std::uint64_t block_rows = 1;
  std::uint64_t block_columns = 1;
  std::uint64_t scale_rows = 1;  ///< of one plane of the scales
  std::uint64_t scale_columns = 1;

  /// Where the scale of the fp8 tensor's (flattened) element lies in the scales.
  [[nodiscard]] std::uint64_t index_of(std::uint64_t element) const {
    const std::uint64_t row = element / columns;
    return (row / rows * scale_rows + row % rows / block_rows) * scale_columns +
           element % columns / block_columns;
  }

  friend bool operator==(const BlockScale&, const BlockScale&) = default;
};

/// A regular piece of a stored tensor: `run` consecutive elements of every row of `stride` elements, from
/// `first`. In a view of one row the stride is the number of elements of the stored tensor.
struct ViewPart {
  std::uint32_t tensor = 0;  ///< index into Checkpoint::tensors
  std::uint64_t first = 0;
  std::uint64_t stride = 0;
  std::uint64_t run = 0;
  std::optional<BlockScale> scale;  ///< of the stored tensor; its indices count from that tensor's start

  friend bool operator==(const ViewPart&, const ViewPart&) = default;
};

/// A tensor as the merge sees it, under its canonical name: whole stored tensors, or what a `names:` map
/// makes of them. Row r of the view is the concatenation over parts of elements [first + r * stride, + run)
/// of each part's tensor.
struct TensorView {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;  ///< of what `ViewReader::read` delivers (F64 for scaled fp8)
  std::uint64_t rows = 1;
  std::vector<ViewPart> parts;  ///< all of one stored dtype, all scaled or none

  [[nodiscard]] std::uint64_t elements() const;
  /// True when the view is exactly one whole stored tensor, unscaled: its bytes can be digested as they pass.
  [[nodiscard]] bool is_plain() const {
    return rows == 1 && parts.size() == 1 && parts[0].first == 0 && parts[0].run == parts[0].stride &&
           !is_scaled();
  }
  [[nodiscard]] bool is_scaled() const { return !parts.empty() && parts[0].scale.has_value(); }
};

/// The views of a checkpoint, sorted by name bytewise. Rules apply in order to whole names (RE2); a rule with
/// `model` only to that name or reference; each sees what the rules before it left. Sources of a
/// concatenation belong together when they give one target name. Sibling scales (`X_scale_inv` of an fp8
/// tensor `X`) are folded into the tensor they belong to and vanish: the block shape is `weight_block_size`
/// of the config's quantization_config where it fits, else the ceiling of the ratio of the shapes.
/// Two sources for one name, rules that cannot be followed one by another: Error{usage}. A missing source,
/// shapes or dtypes that do not split or concatenate, other scaled or packed forms: Error{input}.
std::vector<TensorView> make_views(const Checkpoint& checkpoint, const std::vector<recipe::NameRule>& rules,
                                   const std::string& model_name);

/// Views, under canonical names and sorted, of the names that the checkpoint ties to a stored tensor instead
/// of storing them; none whose name `make_views` has.
std::vector<TensorView> make_tied_views(const Checkpoint& checkpoint,
                                        const std::vector<recipe::NameRule>& rules,
                                        const std::string& model_name);

/// Reads elements of views. Thread safe; files are opened once, on first use; holds no buffers. Reads that
/// touch in file and memory become one.
class ViewReader {
 public:
  /// @pre `checkpoint` outlives the reader and stays where it is
  explicit ViewReader(const Checkpoint& checkpoint);
  ~ViewReader();
  ViewReader(ViewReader&&) noexcept;
  ViewReader& operator=(ViewReader&&) noexcept;

  /// Elements [first, first + count) of the flattened view, packed, in the view's dtype; `out` holds count *
  /// bytes(dtype) bytes. Sub-byte dtypes: first and count must fill whole bytes. Error{input} naming file and
  /// tensor when the file is shorter than its header said; std::out_of_range outside the view.
  void read(const TensorView& view, std::uint64_t first, std::uint64_t count, std::byte* out) const;
  /// Stored bytes [offset, offset + size) of a tensor, for digests.
  void read_stored(const StoredTensor& tensor, std::uint64_t offset, std::span<std::byte> out) const;
  /// Throws Error{input} naming the file if any file's size or time differ from when its header was read.
  /// Reads nothing.
  void check_unchanged() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stockpot::checkpoint
