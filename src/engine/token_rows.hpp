#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/row_source.hpp"
#include "stockpot/io/sample_file.hpp"

namespace stockpot::engine {

/// A module's dataset in one sample file; both live elsewhere.
struct TokenPart {
  const io::SampleFile* file = nullptr;
  const io::SampleRows* rows = nullptr;
};

/// How many tokens count before every `token_window`-th position of a dataset, and in all of it; null: every
/// token counts.
using TokenCounts = std::shared_ptr<const std::vector<std::uint64_t>>;
inline constexpr std::uint64_t token_window = 64;

/// Counts of masks, each read once however many datasets it masks. Not thread safe.
class MaskCounts {
 public:
  /// Refuses what `SampleFile::count_tokens` refuses. Cost: the mask's bytes, once.
  TokenCounts of(const TokenPart& part);

 private:
  std::map<std::pair<const io::SampleFile*, std::uint64_t>, TokenCounts> known_;
};

/// The tokens that count of one module, over all sample files in their order.
class TokenRows final : public RowSource {
 public:
  /// @pre parts of equal width, at least one
  TokenRows(const std::vector<TokenPart>& parts, MaskCounts& masks);

  [[nodiscard]] std::uint64_t rows() const override { return rows_; }
  [[nodiscard]] std::uint64_t width() const override { return width_; }
  void read(std::uint64_t first, std::uint64_t count, std::vector<double>& values) const override;
  [[nodiscard]] std::uint64_t read_workspace_bytes(std::uint64_t count) const override;

 private:
  struct Part {
    const io::SampleFile* file;
    io::SampleRows positions;  ///< the dataset with each token an entry
    TokenCounts counts;
    std::uint64_t tokens = 0;
  };
  void append(const Part& part, std::uint64_t first, std::uint64_t end, std::vector<double>& values) const;

  std::vector<Part> parts_;
  std::uint64_t width_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace stockpot::engine
