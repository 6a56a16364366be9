#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/checkpoint/model_digest.hpp"
#include "stockpot/io/statistics_writer.hpp"
#include "support/output_tensors.hpp"

namespace stockpot::test {

/// Digest of the content of a checkpoint of small tensors.
inline Digest content_digest(const std::filesystem::path& model) {
  std::vector<std::string> warnings;
  const checkpoint::Checkpoint opened = checkpoint::open_checkpoint(model, model.string(), warnings);
  std::vector<Digest> digests;
  for (const auto& [name, tensor] : read_tensors(model)) {
    std::vector<Digest> blocks;
    const std::span<const std::byte> bytes = tensor.bytes;
    for (std::uint64_t first = 0; first < bytes.size(); first += digest_block_bytes) {
      blocks.push_back(
          digest_of(bytes.subspan(first, std::min<std::uint64_t>(digest_block_bytes, bytes.size() - first))));
    }
    digests.push_back(tensor_digest(blocks));
  }
  return checkpoint::model_digest(opened, digests);
}

/// A symmetric matrix of a statistics file: packed rows of its lower triangle, or all of them, as they stand.
struct WrittenMatrix {
  io::StatisticKind kind = io::StatisticKind::gram;
  std::string name;
  std::uint64_t dimension = 0;
  std::vector<double> values;
  io::WeightLayout weight_layout = io::WeightLayout::out_in;
};

/// A statistics file of the checkpoint at `model` with these matrices, also such as no program would write.
inline void write_matrices(const std::filesystem::path& path, const std::filesystem::path& model,
                           const std::vector<WrittenMatrix>& matrices) {
  std::vector<io::NewStatistic> statistics;
  for (const WrittenMatrix& matrix : matrices) {
    io::NewStatistic statistic;
    statistic.kind = matrix.kind;
    statistic.name = matrix.name;
    statistic.shape = {matrix.dimension};
    const bool is_packed = matrix.values.size() == io::triangle_elements(matrix.dimension);
    statistic.layout = is_packed ? io::TriangleLayout::lower : io::TriangleLayout::full;
    statistic.weight_layout = matrix.weight_layout;
    statistic.count = 1;
    statistics.push_back(std::move(statistic));
  }
  io::StatisticsHeader header;
  header.model_digest = content_digest(model);
  header.examples = 1;
  header.tokens = 1;
  header.labels = io::Labels::empirical;
  io::StatisticsWriter::create(path, header, std::move(statistics));
  const io::StatisticsFile file = io::StatisticsFile::open(path);
  const io::File target = io::File::open_to_write(path);
  for (const WrittenMatrix& matrix : matrices) {
    target.write_all(file.find(matrix.kind, matrix.name)->data.offset.value(),
                     std::as_bytes(std::span(matrix.values)));
  }
}

/// A statistics file of the checkpoint at `model` with these Fisher diagonals, F32 or F64, as they stand:
/// also such as no program would write.
inline void write_fisher(const std::filesystem::path& path, const std::filesystem::path& model,
                         const OutputTensors& fisher) {
  std::vector<io::NewStatistic> statistics;
  for (const auto& [name, tensor] : fisher) {
    io::NewStatistic statistic;
    statistic.name = name;
    statistic.shape = tensor.shape;
    statistic.dtype = tensor.dtype;
    statistics.push_back(std::move(statistic));
  }
  io::StatisticsHeader header;
  header.model_digest = content_digest(model);
  header.examples = 1;
  header.labels = io::Labels::exact;
  io::StatisticsWriter::create(path, header, std::move(statistics));
  const io::StatisticsFile file = io::StatisticsFile::open(path);
  const io::File target = io::File::open_to_write(path);
  for (const auto& [name, tensor] : fisher) {
    if (tensor.bytes.empty()) continue;
    target.write_all(file.find(io::StatisticKind::fisher, name)->data.offset.value(), tensor.bytes);
  }
}

}  // namespace stockpot::test
