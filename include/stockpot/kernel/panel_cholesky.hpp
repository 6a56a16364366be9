#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "stockpot/kernel/columns_view.hpp"

namespace stockpot::kernel {

/// How the rows of a lower triangle are cut into panels: panel p holds rows [p * rows, (p + 1) * rows), the
/// last one fewer, each with the columns before the panel's end: entry (i, k) is its value number
/// (i - first) * end + k.
struct PanelCut {
  std::size_t order = 0;
  std::size_t rows = 1024;

  [[nodiscard]] std::size_t count() const { return (order + rows - 1) / rows; }
  [[nodiscard]] std::size_t first(std::size_t panel) const { return panel * rows; }
  [[nodiscard]] std::size_t end(std::size_t panel) const {
    return order - panel * rows < rows ? order : (panel + 1) * rows;
  }
  [[nodiscard]] std::size_t values(std::size_t panel) const {
    return (end(panel) - first(panel)) * end(panel);
  }
};

/// Where the panels of a triangle lie that is too large to be held: in memory, in a scratch file. Each is
/// read and written as a whole.
class PanelStore {
 public:
  PanelStore() = default;
  PanelStore(const PanelStore&) = delete;
  PanelStore& operator=(const PanelStore&) = delete;
  virtual ~PanelStore() = default;
  virtual void read(std::size_t panel, std::span<double> values) = 0;
  virtual void write(std::size_t panel, std::span<const double> values) = 0;
};

/// Replaces the lower triangle of a symmetric positive definite A by L with L L^T = A; what panels hold above
/// the diagonal is not looked at. Returns nothing, or the first row at which A is not positive definite to
/// working precision, as factor_cholesky; A is then lost. Bits depend on the cut, not on the store. Local,
/// one thread; order^3 / 3 operations, two panels of memory; each panel is read once for each panel behind
/// it.
std::optional<std::size_t> factor_panels(const PanelCut& cut, PanelStore& store);

/// The columns B [order, n] of every list become A^-1 B, from what factor_panels left. Bits do not depend on
/// the other columns (columns_view.hpp). Local, one thread; 2 order^2 operations for each column on whole
/// blocks of columns, two panels of memory; each panel is read twice. Throws std::invalid_argument for shapes
/// that do not fit.
void solve_panels(const PanelCut& cut, PanelStore& store, std::span<const Columns> lists);

}  // namespace stockpot::kernel
