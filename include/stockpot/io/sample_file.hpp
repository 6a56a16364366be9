#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/statistic_words.hpp"
#include "stockpot/io/stored_dataset.hpp"

/// What `stats gram` and `stats fisher` read: layer inputs, output gradients and per-example gradients that
/// any program may have written (HDF5). Floats are f16, f32 or f64 and read as doubles.
namespace stockpot::io {

/// One dataset of `/inputs` or `/output_gradients`. It is read by entries, its leading rows: an entry is an
/// example of `tokens_per_entry` tokens, or one token where the dataset is 2-D.
struct SampleRows {
  std::string module;
  std::uint64_t entries = 0;
  std::uint64_t tokens_per_entry = 1;
  std::uint64_t width = 0;                            ///< features of a token: d_in or d_out
  WeightLayout weight_layout = WeightLayout::out_in;  ///< of the module's weight; inputs only
  StoredDataset data;
  std::optional<StoredDataset> mask;  ///< none: every token counts
};

/// One dataset of `/gradients`.
struct SampleGradients {
  std::string tensor;
  Shape shape;                 ///< of the tensor
  std::uint64_t elements = 0;  ///< of the tensor
  std::uint64_t classes = 1;   ///< 1 unless labels are exact
  StoredDataset data;
};

/// A sample file, opened and checked but for its values, which are checked when they are read. Thread safe;
/// every rank may open it. Malformed content is Error{input} naming file and object.
class SampleFile {
 public:
  /// Refuses by name: a missing or newer format_version, unknown attribute values, objects of the root that
  /// nothing explains, datasets of the wrong rank or type, masks of another shape or of no integers,
  /// datasets that disagree about the number of examples, exact labels without probabilities.
  /// Cost: headers only.
  static SampleFile open(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_.path(); }
  [[nodiscard]] std::uint64_t bytes() const { return file_.size(); }
  [[nodiscard]] Labels labels() const noexcept { return labels_; }
  [[nodiscard]] const std::optional<Digest>& model_digest() const noexcept { return model_digest_; }
  /// Of the whole file; without 3-D datasets, gradients and the attribute `examples`: its rows.
  [[nodiscard]] std::uint64_t examples() const noexcept { return examples_; }
  /// Sorted by name bytewise.
  [[nodiscard]] const std::vector<SampleRows>& inputs() const noexcept { return inputs_; }
  [[nodiscard]] const std::vector<SampleRows>& output_gradients() const noexcept { return output_gradients_; }
  [[nodiscard]] const std::vector<SampleGradients>& gradients() const noexcept { return gradients_; }

  /// How many tokens of the entries [first, first + count) count. Refuses mask values other than 0 and 1.
  /// Cost: the mask's bytes. @pre `rows` is of this file and the range in it, else std::invalid_argument
  [[nodiscard]] std::uint64_t count_tokens(const SampleRows& rows, std::uint64_t first,
                                           std::uint64_t count) const;
  /// The same for each `window` entries of the range in turn, the last ones possibly fewer. @pre window > 0
  [[nodiscard]] std::vector<std::uint64_t> count_windows(const SampleRows& rows, std::uint64_t first,
                                                         std::uint64_t count, std::uint64_t window) const;
  /// The tokens of the entries [first, first + count) that count, in order: `values` becomes
  /// [tokens, width], row by row. Gives the number of tokens. Values of other tokens are not looked at.
  /// Refuses NaN and infinities. @pre as count_tokens
  std::uint64_t read_tokens(const SampleRows& rows, std::uint64_t first, std::uint64_t count,
                            std::vector<double>& values) const;

  /// `values.size()` consecutive elements of a dataset of gradients: element e of class c of example x stands
  /// at (x * classes + c) * elements + e. Refuses NaN and infinities.
  /// @pre the range lies in the dataset, else std::invalid_argument
  void read_gradients(const SampleGradients& gradients, std::uint64_t first, std::span<double> values) const;

  /// Classes of exact labels; 0 where there are no probabilities.
  [[nodiscard]] std::uint64_t classes() const noexcept;
  /// The probabilities of `count` examples from `first` on, [count, classes]. Refuses negative ones, NaN, and
  /// rows whose sum is off 1 by more than 1e-6 (1e-3 where they are stored as f16, whose own rounding is that
  /// coarse). @pre there are probabilities and the range lies in them, else std::invalid_argument
  [[nodiscard]] std::vector<double> read_probabilities(std::uint64_t first, std::uint64_t count) const;

 private:
  friend class SampleOpener;
  explicit SampleFile(File file) : file_(std::move(file)) {}

  [[nodiscard]] std::vector<std::uint8_t> flags(const SampleRows& rows, std::uint64_t first,
                                                std::uint64_t count) const;
  void read_run(const SampleRows& rows, std::uint64_t first_token, std::span<double> values) const;
  void require_finite(const SampleRows& rows, std::uint64_t first_token,
                      std::span<const double> values) const;

  File file_;
  Labels labels_ = Labels::none;
  std::optional<Digest> model_digest_;
  std::uint64_t examples_ = 0;
  std::vector<SampleRows> inputs_;
  std::vector<SampleRows> output_gradients_;
  std::vector<SampleGradients> gradients_;
  std::optional<StoredDataset> probabilities_;
};

}  // namespace stockpot::io
