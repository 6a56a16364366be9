#include "stockpot/io/sample_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "hdf5_elements.hpp"

namespace stockpot::io {
namespace {

void require_range(std::uint64_t first, std::uint64_t count, std::uint64_t size) {
  if (first > size || count > size - first) throw std::invalid_argument("range beyond the dataset");
}

std::string_view kind_of(double value) {
  return std::isnan(value) ? "NaN" : "an infinity";
}

/// Index of the first value that is NaN or infinite; the size if there is none.
std::size_t first_non_finite(std::span<const double> values) {
  const auto found =
      std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
  return static_cast<std::size_t>(found - values.begin());
}

/// Half precision rounds each probability by up to 2^-12; other types are held to what the format asks.
double tolerance_of(DType dtype) {
  return dtype == DType::f16 ? 1e-3 : 1e-6;
}

}  // namespace

std::vector<std::uint8_t> SampleFile::flags(const SampleRows& rows, std::uint64_t first,
                                            std::uint64_t count) const {
  require_range(first, count, rows.entries);
  const std::uint64_t tokens = count * rows.tokens_per_entry;
  if (!rows.mask) return std::vector<std::uint8_t>(static_cast<std::size_t>(tokens), 1);
  return read_flags(file_, *rows.mask, first * rows.tokens_per_entry, tokens);
}

std::uint64_t SampleFile::count_tokens(const SampleRows& rows, std::uint64_t first,
                                       std::uint64_t count) const {
  require_range(first, count, rows.entries);
  if (!rows.mask) return count * rows.tokens_per_entry;
  const std::vector<std::uint8_t> counts = flags(rows, first, count);
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::vector<std::uint64_t> SampleFile::count_windows(const SampleRows& rows, std::uint64_t first,
                                                     std::uint64_t count, std::uint64_t window) const {
  const std::vector<std::uint8_t> counts = flags(rows, first, count);
  const std::uint64_t tokens = window * rows.tokens_per_entry;
  std::vector<std::uint64_t> windows;
  for (std::uint64_t begin = 0; begin < counts.size(); begin += tokens) {
    const auto from = counts.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::uint64_t size = std::min<std::uint64_t>(tokens, counts.size() - begin);
    windows.push_back(std::accumulate(from, from + static_cast<std::ptrdiff_t>(size), std::uint64_t{0}));
  }
  return windows;
}

void SampleFile::require_finite(const SampleRows& rows, std::uint64_t first_token,
                                std::span<const double> values) const {
  const std::size_t at = first_non_finite(values);
  if (at == values.size()) return;
  const std::uint64_t token = first_token + at / rows.width;
  const std::string where =
      rows.data.shape.size() == 2
          ? fmt::format("token {}", token)
          : fmt::format("token {} of example {}", token % rows.data.shape[1], token / rows.data.shape[1]);
  refuse_object(file_, rows.data, fmt::format("{} has {}, and it counts", where, kind_of(values[at])));
}

void SampleFile::read_run(const SampleRows& rows, std::uint64_t first_token, std::span<double> values) const {
  read_elements(file_, rows.data, first_token * rows.width, values);
  require_finite(rows, first_token, values);
}

std::uint64_t SampleFile::read_tokens(const SampleRows& rows, std::uint64_t first, std::uint64_t count,
                                      std::vector<double>& values) const {
  const std::vector<std::uint8_t> counts = flags(rows, first, count);
  const std::uint64_t tokens = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  const auto width = static_cast<std::size_t>(rows.width);
  const std::uint64_t first_token = first * rows.tokens_per_entry;
  values.resize(static_cast<std::size_t>(tokens) * width);
  std::vector<double> everything;  // through the library each call costs an open, so one call has to do
  if (!rows.data.offset) {
    everything.resize(counts.size() * width);
    read_elements(file_, rows.data, first_token * rows.width, everything);
  }
  std::span<double> rest(values);
  for (auto begin = counts.begin(); begin != counts.end();) {
    begin = std::find(begin, counts.end(), 1);
    const auto end = std::find(begin, counts.end(), 0);
    const auto token = static_cast<std::size_t>(begin - counts.begin());
    const std::span<double> run = rest.first(static_cast<std::size_t>(end - begin) * width);
    if (rows.data.offset) {
      read_run(rows, first_token + token, run);
    } else {
      std::copy_n(everything.data() + token * width, run.size(), run.begin());
      require_finite(rows, first_token + token, run);
    }
    rest = rest.subspan(run.size());
    begin = end;
  }
  return tokens;
}

void SampleFile::read_gradients(const SampleGradients& gradients, std::uint64_t first,
                                std::span<double> values) const {
  require_range(first, values.size(), gradients.data.elements);
  read_elements(file_, gradients.data, first, values);
  const std::size_t at = first_non_finite(values);
  if (at == values.size()) return;
  const std::uint64_t example = (first + at) / (gradients.elements * gradients.classes);
  refuse_object(file_, gradients.data, fmt::format("example {} has {}", example, kind_of(values[at])));
}

std::uint64_t SampleFile::classes() const noexcept {
  return probabilities_ ? probabilities_->shape[1] : 0;
}

std::vector<double> SampleFile::read_probabilities(std::uint64_t first, std::uint64_t count) const {
  if (!probabilities_) throw std::invalid_argument("no probabilities");
  require_range(first, count, probabilities_->shape.front());
  std::vector<double> values(static_cast<std::size_t>(count * classes()));
  read_elements(file_, *probabilities_, first * classes(), values);
  for (std::uint64_t example = 0; example < count; ++example) {
    const std::span<const double> row = std::span<const double>(values).subspan(
        static_cast<std::size_t>(example * classes()), static_cast<std::size_t>(classes()));
    const bool valid = std::all_of(row.begin(), row.end(), [](double p) { return p >= 0; });
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    if (!valid) {
      refuse_object(file_, *probabilities_,
                    fmt::format("example {} has a probability that is negative or NaN", first + example));
    }
    if (!(std::fabs(sum - 1.0) <= tolerance_of(probabilities_->dtype))) {
      refuse_object(file_, *probabilities_,
                    fmt::format("the probabilities of example {} sum to {}, not 1", first + example, sum));
    }
  }
  return values;
}

}  // namespace stockpot::io
