#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "stockpot/kernel/panel_cholesky.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/stats/reading.hpp"
#include "stockpot/stats/reducer.hpp"

namespace stockpot::method {

/// Makes room for the panels of a matrix that is too large to be held.
using StoreMaker = std::function<std::unique_ptr<kernel::PanelStore>(const kernel::PanelCut&)>;

/// The tensors that one statistic spans: a tensor, a layer or the model.
struct ScopeContext {
  recipe::Scope kind = recipe::Scope::tensor;
  std::string name;                    ///< of the tensor or layer; "model"
  std::vector<TensorContext> tensors;  ///< bytewise order of their names
  std::uint64_t memory_bytes = 0;      ///< what the survey may hold, lists of a few numbers a tensor aside
  StoreMaker make_store = {};          ///< for tensors whose matrices are stored

  [[nodiscard]] std::uint64_t elements() const;
  /// Elements of the tensors before `tensor`: its place when the scope is read as one long vector.
  [[nodiscard]] std::uint64_t first_element(std::size_t tensor) const;
  /// Leaves of the tensors before `tensor` in the fixed tree over the scope; every tensor begins a leaf.
  [[nodiscard]] std::uint64_t first_leaf(std::size_t tensor) const;
  [[nodiscard]] std::uint64_t leaf_count() const { return first_leaf(tensors.size()); }
};

/// Elements [first, first + count) of one tensor of a scope.
struct ElementRange {
  std::size_t tensor = 0;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// A sampling round reads one leaf of every window of so many, counted from the tensor's beginning.
inline constexpr std::uint64_t sampling_window = 64;
/// The leaf that is read of a window: scattered, so that it doesn't keep step with rows, and the same for
/// every tensor and run.
std::uint64_t sampled_leaf(std::uint64_t window);

using stats::Reading;

/// What a method reports of a tensor (or of the model) for the manifest.
using Numbers = std::vector<double>;
using Table = std::vector<Numbers>;
using Diagnostics = std::map<std::string, std::variant<double, std::uint64_t, std::string, Numbers, Table>>;

/// Which of a tensor's matrices: see MatrixShape.
enum class MatrixSide { input, output };

/// The models' matrices that belong to the tensors of a scope.
class MatrixSource {
 public:
  MatrixSource() = default;
  MatrixSource(const MatrixSource&) = delete;
  MatrixSource& operator=(const MatrixSource&) = delete;
  virtual ~MatrixSource() = default;

  /// Rows [first, end) of a matrix, both triangles, as the columns that they equal: entry (i, j) becomes
  /// panel[j * (end - first) + (i - first)], 0 <= j < order. Throws Error{input} naming file and object.
  virtual void read(std::size_t tensor, std::size_t model, MatrixSide side, std::uint64_t first,
                    std::uint64_t end, std::span<double> panel) = 0;
};

/// What a method must know of a scope before it can merge its tensors, in rounds: the engine shows tiles of
/// what `next` asks for, in any order, each element to one rank; `end_round` then brings the ranks' parts
/// together. Every rank of the scope holds a survey of its own, and all are in the same state between rounds.
class Survey {
 public:
  Survey() = default;
  Survey(const Survey&) = delete;
  Survey& operator=(const Survey&) = delete;
  virtual ~Survey() = default;

  [[nodiscard]] virtual Reading next() const = 0;
  /// Of a round that reads ranges; none is longer than a leaf.
  [[nodiscard]] virtual std::vector<ElementRange> ranges() const { return {}; }
  /// Local, thread safe. Tiles begin and end at leaves or at ends of the tensor, except in a round of ranges;
  /// with a method that works on rows, a row belongs to the tile with its first element.
  virtual void take(std::size_t tensor, const Tile& tile) = 0;
  /// Of a round that reads matrices: its parts. Every rank takes each of them.
  [[nodiscard]] virtual std::uint64_t matrix_parts() const { return 0; }
  /// Thread safe. Asks for the same rows in the same order wherever it is called.
  virtual void take_matrices(std::uint64_t /*part*/, MatrixSource& /*source*/) {}
  /// Collective over the ranks of the scope, once all have taken all tiles of the round.
  virtual void end_round(stats::Reducer& reducer) = 0;

  /// What a complete survey found, so that another one of the same scope can go on from there; empty: it must
  /// read again. @pre next() is nothing
  [[nodiscard]] virtual std::vector<std::uint64_t> findings() const { return {}; }
  /// Takes over what another survey of the scope found; next() is nothing afterwards. False, and nothing
  /// changes, if it can't have been one. @pre no round has begun
  virtual bool adopt(std::span<const std::uint64_t> /*findings*/) { return false; }

  /// The apply step of one tensor. Local. @pre next() is nothing
  [[nodiscard]] virtual std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const = 0;
  /// What there is to report of one tensor; in a scope of kind model, of the model. @pre next() is nothing
  [[nodiscard]] virtual Diagnostics diagnostics(std::size_t /*tensor*/) const { return {}; }
  /// True if there is something to report of each tensor whatever the scope.
  [[nodiscard]] virtual bool reports_by_tensor() const { return false; }
};

}  // namespace stockpot::method
