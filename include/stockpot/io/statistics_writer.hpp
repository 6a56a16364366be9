#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "stockpot/io/statistics_file.hpp"

namespace stockpot::io {

/// A statistic that is to be written.
struct NewStatistic {
  StatisticKind kind = StatisticKind::fisher;
  std::string name;  ///< tensor or module
  Shape shape;       ///< of the tensor for a Fisher, {dimension} for the rest
  DType dtype = DType::f64;
  TriangleLayout layout = TriangleLayout::lower;
  WeightLayout weight_layout = WeightLayout::out_in;
  std::uint64_t count = 0;  ///< tokens of a Gram, examples of the rest; 0 of a Fisher: the header's
  /// Name of the statistic of this kind in whose dataset it is kept, as modules with one input share a Gram;
  /// empty: in one of its own.
  std::string shared_with;
};

/// Writes a statistics file from any number of ranks:
///
///   OutputFolder output = OutputFolder::claim(target, {.kind = OutputKind::file});   // rank 0
///   StatisticsWriter::create(output.path() / "statistics.h5", header, statistics);   // rank 0
///   ... barrier ...
///   const StatisticsWriter writer(partial_path(target) / "statistics.h5");           // any rank
///   for (what this rank owns) writer.write_rows(*writer.file().find(kind, name), first, end, packed);
///   writer.sync();
///   ... barrier ...
///   output.publish_file("statistics.h5");                                            // rank 0
///
/// All objects are created first, contiguous and allocated, and the file is closed; then values go straight
/// to their places with pwrite. So a file needs no parallel HDF5 and no MPI-IO, any rank may write any part
/// without a word to the others, threads need no lock, and the bytes depend on the content alone: there are
/// no time stamps. Thread safe.
class StatisticsWriter {
 public:
  /// One rank. Creates the file at `path`, replacing one that is there, with every dataset and attribute
  /// and without values. Throws Error{system_io} with the library's own text, also for a name that stands
  /// there twice or a `shared_with` that has no dataset; std::invalid_argument for types and shapes that
  /// the format does not have.
  static void create(const std::filesystem::path& path, const StatisticsHeader& header,
                     std::vector<NewStatistic> statistics);

  /// Opens what `create` made. Throws Error{input} if it is not that.
  explicit StatisticsWriter(const std::filesystem::path& path);

  /// The objects to write to; its values are what has been written so far.
  [[nodiscard]] const StatisticsFile& file() const noexcept { return file_; }

  /// Stores `values`, each rounded once, as the elements from `first` on in the stored order (a `lower`
  /// matrix: packed). Throws Error{input} naming file and object for values that are NaN, infinite or beyond
  /// the stored type's range. @pre the range lies in the dataset, else std::invalid_argument
  void write_block(const Statistic& statistic, std::uint64_t first, std::span<const double> values) const;
  /// Stores rows [first, end) of a symmetric matrix, given as packed rows of the lower triangle (row i has
  /// i + 1 elements), in its layout; in `full` the mirrored elements too. Disjoint rows write disjoint bytes.
  /// Cost: `full` takes one write for each column. @pre as `StatisticsFile::read_rows`
  void write_rows(const Statistic& matrix, std::uint64_t first, std::uint64_t end,
                  std::span<const double> packed) const;
  /// Everything this rank wrote is on stable storage afterwards.
  void sync() const { target_.sync(); }

 private:
  StatisticsFile file_;
  File target_;
};

}  // namespace stockpot::io
