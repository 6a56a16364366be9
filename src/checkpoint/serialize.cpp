#include <charconv>
#include <string>
#include <system_error>

#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/checkpoint/placeholders.hpp"

namespace stockpot::checkpoint {
namespace {

constexpr std::string_view magic = "stockpot-checkpoint-3\n";

/// Numbers are decimal with a blank behind them, strings their length and then their bytes.
class TextWriter {
 public:
  void number(std::uint64_t value) { text_.append(std::to_string(value)).append(" "); }
  void string(std::string_view value) {
    number(value.size());
    text_.append(value);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_{magic};
};

class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {
    if (!rest_.starts_with(magic)) fail();
    rest_.remove_prefix(magic.size());
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (failure != std::errc{} || end == rest_.data() + rest_.size() || *end != ' ') fail();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()) + 1);
    return value;
  }
  /// A number of things that follow: never more than the bytes that are left.
  std::size_t count() {
    const std::uint64_t value = number();
    if (value > rest_.size()) fail();
    return static_cast<std::size_t>(value);
  }
  /// A choice out of so many.
  std::uint64_t below(std::uint64_t choices) {
    const std::uint64_t value = number();
    if (value >= choices) fail();
    return value;
  }
  std::string string() {
    const std::size_t size = count();
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  void finish() const {
    if (!rest_.empty()) fail();
  }
  [[noreturn]] static void fail() {
    throw Error{ExitCode::communication, "broken description of a checkpoint", {}};
  }

 private:
  std::string_view rest_;
};

Digest read_digest(TextReader& reader) {
  try {
    return Digest::from_hex(reader.string());
  } catch (const Error&) {
    TextReader::fail();
  }
}

}  // namespace

std::string serialize(const Checkpoint& checkpoint) {
  TextWriter writer;
  writer.string(checkpoint.reference);
  writer.string(checkpoint.folder.native());
  writer.number(checkpoint.files.size());
  for (const StoredFile& file : checkpoint.files) {
    writer.string(file.path.native());
    writer.number(file.identity.size);
    writer.number(static_cast<std::uint64_t>(file.identity.modified_ns));
    writer.string(file.identity.sample.hex());
  }
  writer.number(checkpoint.tensors.size());
  for (const StoredTensor& tensor : checkpoint.tensors) {
    writer.string(tensor.name);
    writer.number(static_cast<std::uint64_t>(tensor.dtype));
    writer.number(tensor.shape.size());
    for (const std::uint64_t dimension : tensor.shape) writer.number(dimension);
    writer.number(tensor.file);
    writer.number(tensor.offset);
    writer.number(tensor.bytes);
  }
  writer.number(checkpoint.aliases.size());
  for (const auto& [alias, stored] : checkpoint.aliases) {
    writer.string(alias);
    writer.string(stored);
  }
  writer.string(checkpoint.config);
  writer.string(checkpoint.statistics_digest);
  writer.number(checkpoint.matrices.size());
  for (const StoredMatrix& matrix : checkpoint.matrices) {
    writer.number(static_cast<std::uint64_t>(matrix.kind));
    writer.string(matrix.name);
    writer.number(matrix.dimension);
    writer.number(static_cast<std::uint64_t>(matrix.dtype));
    writer.number(static_cast<std::uint64_t>(matrix.weight_layout));
  }
  return writer.take();
}

std::string describe_content(const Checkpoint& checkpoint) {
  Checkpoint described = checkpoint;
  described.folder.clear();
  for (StoredFile& file : described.files) {
    file.path = file.path.filename();
    if (has_placeholder(checkpoint.reference)) file.identity.modified_ns = 0;
  }
  return serialize(described);
}

Checkpoint deserialize(std::string_view text) {
  TextReader reader(text);
  Checkpoint checkpoint;
  checkpoint.reference = reader.string();
  checkpoint.folder = reader.string();
  for (std::size_t files = reader.count(); files > 0; --files) {
    StoredFile& file = checkpoint.files.emplace_back();
    file.path = reader.string();
    file.identity.size = reader.number();
    file.identity.modified_ns = static_cast<std::int64_t>(reader.number());
    file.identity.sample = read_digest(reader);
  }
  for (std::size_t tensors = reader.count(); tensors > 0; --tensors) {
    StoredTensor& tensor = checkpoint.tensors.emplace_back();
    tensor.name = reader.string();
    tensor.dtype = static_cast<DType>(reader.below(static_cast<std::uint64_t>(dtype_count)));
    for (std::size_t rank = reader.count(); rank > 0; --rank) tensor.shape.push_back(reader.number());
    tensor.file = static_cast<std::uint32_t>(reader.below(checkpoint.files.size()));
    tensor.offset = reader.number();
    tensor.bytes = reader.number();
  }
  for (std::size_t aliases = reader.count(); aliases > 0; --aliases) {
    std::string alias = reader.string();
    checkpoint.aliases.emplace(std::move(alias), reader.string());
  }
  checkpoint.config = reader.string();
  checkpoint.statistics_digest = reader.string();
  for (std::size_t matrices = reader.count(); matrices > 0; --matrices) {
    StoredMatrix& matrix = checkpoint.matrices.emplace_back();
    matrix.kind = static_cast<io::StatisticKind>(reader.below(io::statistic_kind_names().size()));
    matrix.name = reader.string();
    matrix.dimension = reader.number();
    matrix.dtype = static_cast<DType>(reader.below(static_cast<std::uint64_t>(dtype_count)));
    matrix.weight_layout = static_cast<io::WeightLayout>(reader.below(io::weight_layout_names().size()));
  }
  reader.finish();
  return checkpoint;
}

}  // namespace stockpot::checkpoint
