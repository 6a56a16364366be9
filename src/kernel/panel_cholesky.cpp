#include "stockpot/kernel/panel_cholesky.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernel/blas.hpp"
#include "kernel/column_blocks.hpp"
#include "kernel/require.hpp"

namespace stockpot::kernel {
namespace {

/// A panel of L. The BLAS, which stores matrices by columns, sees its transpose: columns of L^T, one after
/// the other, `stride` long.
struct Panel {
  std::vector<double> values;
  std::size_t first = 0;
  std::size_t end = 0;

  void read(const PanelCut& cut, PanelStore& store, std::size_t panel) {
    first = cut.first(panel);
    end = cut.end(panel);
    values.resize(cut.values(panel));
    store.read(panel, values);
  }
  [[nodiscard]] std::size_t rows() const { return end - first; }
  [[nodiscard]] std::size_t stride() const { return end; }
  /// L^T from row `row` of it on.
  [[nodiscard]] double* from(std::size_t row) { return values.data() + row; }
  [[nodiscard]] blas::Operand transposed(std::size_t row, bool back) const {
    return {values.data() + row, stride(), back};
  }
};

/// Takes from a panel what the rows of an earlier one, which is factored, contribute.
void eliminate(const Panel& earlier, Panel& panel) {
  double* const own = panel.from(earlier.first);
  blas::add_product(earlier.rows(), panel.rows(), earlier.first, -1.0, earlier.transposed(0, true),
                    panel.transposed(0, false), own, panel.stride());
  blas::solve_upper(earlier.rows(), panel.rows(), earlier.transposed(earlier.first, true), own,
                    panel.stride());
}

std::vector<double> diagonal_of(const Panel& panel) {
  std::vector<double> diagonal;
  for (std::size_t i = 0; i < panel.rows(); ++i) {
    diagonal.push_back(panel.values[i * panel.stride() + panel.first + i]);
  }
  return diagonal;
}

/// Factors the rows of a panel among each other, once all earlier ones were eliminated. `diagonal` is A's.
std::optional<std::size_t> factor_own(const PanelCut& cut, const std::vector<double>& diagonal,
                                      Panel& panel) {
  double* const own = panel.from(panel.first);
  blas::add_product(panel.rows(), panel.rows(), panel.first, -1.0, panel.transposed(0, true),
                    panel.transposed(0, false), own, panel.stride());
  const std::size_t failed_minor = blas::factor_upper(panel.rows(), own, panel.stride());
  if (failed_minor > 0) return panel.first + failed_minor - 1;
  // What rounding leaves of a diagonal element whose row depends on those before.
  const double share = static_cast<double>(cut.order) * std::numeric_limits<double>::epsilon();
  for (std::size_t i = 0; i < panel.rows(); ++i) {
    const double pivot = own[i * panel.stride() + i];
    if (!(std::isfinite(pivot) && pivot * pivot > share * diagonal[i])) return panel.first + i;
  }
  return std::nullopt;
}

/// L y = b for the panel's rows, from what the rows before have: `flipped` is the panel by columns.
void solve_forward(const Panel& panel, const std::vector<double>& flipped, const ColumnBlocks<double>& b) {
  for (std::size_t block = 0; block < b.size(); ++block) {
    double* const own = b.data(block) + panel.first;
    blas::add_product(panel.rows(), solve_block_columns, panel.first, -1.0,
                      {flipped.data(), panel.rows(), false}, {b.data(block), b.stride(block), false}, own,
                      b.stride(block));
    blas::solve_upper(panel.rows(), solve_block_columns, panel.transposed(panel.first, true), own,
                      b.stride(block));
  }
}

/// L^T x = y for the panel's rows, whose share is then taken from the rows before.
void solve_backward(const Panel& panel, const ColumnBlocks<double>& b) {
  for (std::size_t block = 0; block < b.size(); ++block) {
    double* const own = b.data(block) + panel.first;
    blas::solve_upper(panel.rows(), solve_block_columns, panel.transposed(panel.first, false), own,
                      b.stride(block));
    blas::add_product(panel.first, solve_block_columns, panel.rows(), -1.0, panel.transposed(0, false),
                      {own, b.stride(block), false}, b.data(block), b.stride(block));
  }
}

/// Shows all columns of all lists, some at a time.
template <typename Work>
void for_columns(std::span<const Columns> lists, Work work) {
  for (const Columns& list : lists) {
    for (std::size_t first = 0; first < list.count; first += column_group) {
      const ColumnBlocks<double> blocks(list, first, std::min(column_group, list.count - first));
      work(blocks);
      blocks.store();
    }
  }
}

/// The rows of L before the panel's own, by columns: the BLAS takes them faster so.
void flip(const Panel& panel, std::vector<double>& flipped) {
  flipped.resize(panel.rows() * panel.first);
  for (std::size_t i = 0; i < panel.rows(); ++i) {
    const double* const row = panel.values.data() + i * panel.stride();
    for (std::size_t k = 0; k < panel.first; ++k) flipped[k * panel.rows() + i] = row[k];
  }
}

}  // namespace

std::optional<std::size_t> factor_panels(const PanelCut& cut, PanelStore& store) {
  require(cut.rows > 0, "panels: of no rows");
  Panel panel;
  Panel earlier;
  for (std::size_t p = 0; p < cut.count(); ++p) {
    panel.read(cut, store, p);
    const std::vector<double> diagonal = diagonal_of(panel);
    for (std::size_t e = 0; e < p; ++e) {
      earlier.read(cut, store, e);
      eliminate(earlier, panel);
    }
    if (const auto failed = factor_own(cut, diagonal, panel)) return failed;
    store.write(p, panel.values);
  }
  return std::nullopt;
}

void solve_panels(const PanelCut& cut, PanelStore& store, std::span<const Columns> lists) {
  require(cut.rows > 0, "panels: of no rows");
  for (const Columns& list : lists) require_columns(list, cut.order);
  Panel panel;
  std::vector<double> flipped;
  for (std::size_t p = 0; p < cut.count(); ++p) {
    panel.read(cut, store, p);
    flip(panel, flipped);
    for_columns(lists, [&](const ColumnBlocks<double>& b) { solve_forward(panel, flipped, b); });
  }
  flipped = {};
  for (std::size_t p = cut.count(); p-- > 0;) {
    panel.read(cut, store, p);
    for_columns(lists, [&](const ColumnBlocks<double>& b) { solve_backward(panel, b); });
  }
}

}  // namespace stockpot::kernel
