#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/statistic_words.hpp"
#include "stockpot/io/stored_dataset.hpp"

/// What a model's data say about its weights (HDF5), as `stats gram` and `stats fisher` write it and
/// `fisher`, `regmean`, `mats` and pruning read it. Written by `StatisticsWriter`.
namespace stockpot::io {

/// The group that a statistic stands in.
enum class StatisticKind {
  fisher,        ///< of a tensor: its diagonal Fisher, in the tensor's shape
  gram,          ///< of a module: X^T X / tokens of its inputs
  gram_output,   ///< of a module: the same of its output gradients
  fisher_block,  ///< of a vector-shaped tensor: mean of g g^T
};
/// "fisher", "gram", "gram_output", "fisher_block".
const std::string& name(StatisticKind kind);
const std::vector<std::string>& statistic_kind_names();

struct StatisticsHeader {
  Digest model_digest;
  std::optional<std::uint64_t> examples;
  std::optional<std::uint64_t> tokens;
  Labels labels = Labels::none;
};

struct Statistic {
  StatisticKind kind = StatisticKind::fisher;
  std::string name;             ///< tensor or module
  std::uint64_t dimension = 0;  ///< rows of a symmetric matrix; 0 for a Fisher
  TriangleLayout layout = TriangleLayout::full;
  WeightLayout weight_layout = WeightLayout::out_in;  ///< of Grams
  /// What it is a mean over: tokens for Grams, examples for the rest; its own attribute, else the root's.
  std::optional<std::uint64_t> count;
  StoredDataset data;  ///< equal `data.address`: one dataset under several names, to be read once
};

/// A statistics file, opened and checked but for its values, which are checked when they are read. Thread
/// safe; every rank may open it. Whether digest and shapes fit a model is the caller's to check. Malformed
/// content is Error{input} naming file and object.
class StatisticsFile {
 public:
  /// Refuses by name: foreign and truncated files, a missing or newer format_version, a missing or malformed
  /// model_digest, unknown attribute values, unknown objects of the root, types other than f32 and f64,
  /// storage that is not contiguous, shapes that are no triangle or no square. Cost: headers only.
  static StatisticsFile open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_.path(); }
  [[nodiscard]] std::uint64_t bytes() const { return file_.size(); }
  [[nodiscard]] const StatisticsHeader& header() const noexcept { return header_; }
  /// By kind, then by name bytewise.
  [[nodiscard]] const std::vector<Statistic>& statistics() const noexcept { return statistics_; }
  /// Null if there is none.
  [[nodiscard]] const Statistic* find(StatisticKind kind, const std::string& name) const;

  /// `values.size()` elements of a Fisher from `first` on, in row order of the tensor. Refuses NaN,
  /// infinities and negative elements. @pre a Fisher, the range lies in it, else std::invalid_argument
  void read_fisher(const Statistic& fisher, std::uint64_t first, std::span<double> values) const;
  /// Rows [first, end) of the lower triangle of a symmetric matrix, packed: row i has i + 1 elements. Refuses
  /// NaN, infinities, negative diagonal elements, and in the layout `full` pairs that differ by more than
  /// 1e-5 sqrt(G_ii G_jj). Cost: the rows' bytes; in the layout `full` also the transposed block's, one
  /// read for each column of it and for each diagonal element above.
  /// @pre no Fisher, the range lies in it, else std::invalid_argument
  void read_rows(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                 std::vector<double>& packed) const;
  /// Rows [first, end) of a symmetric matrix, both triangles, as the columns that they equal: entry (i, j)
  /// becomes panel[j * stride + (i - first)] for 0 <= j < dimension. Refuses what read_rows does. Cost: what
  /// read_rows does, and one read for each row below them. @pre as read_rows, and stride >= end - first
  void read_panel(const Statistic& matrix, std::uint64_t first, std::uint64_t end, double* panel,
                  std::uint64_t stride) const;
  /// The diagonal of a symmetric matrix. Refuses what is no natural diagonal: NaN, infinities, negative ones.
  /// Cost: one read for each element. @pre no Fisher, else std::invalid_argument
  [[nodiscard]] std::vector<double> read_diagonal(const Statistic& matrix) const;
  /// Reads everything, in blocks of about `block_bytes`, and throws what the functions above would.
  void check_values(std::uint64_t block_bytes = std::uint64_t{64} << 20) const;

 private:
  friend class StatisticsOpener;
  explicit StatisticsFile(File file) : file_(std::move(file)) {}

  void read_lower_of_full(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                          std::span<double> packed) const;
  void require_symmetric(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                         std::span<const double> packed) const;
  void check_matrix(const Statistic& matrix, std::uint64_t block_bytes) const;

  File file_;
  StatisticsHeader header_;
  std::vector<Statistic> statistics_;
};

}  // namespace stockpot::io
