#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/io/statistics_file.hpp"

namespace stockpot::checkpoint {

Checkpoint open_statistics(const std::filesystem::path& path, const std::string& reference) {
  const io::StatisticsFile file = io::StatisticsFile::open(path);
  Checkpoint checkpoint;
  checkpoint.reference = reference;
  checkpoint.files.push_back({path, io::identify(io::File::open_to_read(path))});
  checkpoint.statistics_digest = file.header().model_digest.hex();
  for (const io::Statistic& statistic : file.statistics()) {
    const io::StoredDataset& data = statistic.data;
    if (statistic.kind != io::StatisticKind::fisher) {
      checkpoint.matrices.push_back(
          {statistic.kind, statistic.name, statistic.dimension, data.dtype, statistic.weight_layout});
      continue;
    }
    checkpoint.tensors.push_back({statistic.name, data.dtype, data.shape, 0, data.offset.value_or(0),
                                  data.elements * static_cast<std::uint64_t>(bytes(data.dtype))});
  }
  return checkpoint;
}

}  // namespace stockpot::checkpoint
