#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/io/output_folder.hpp"
#include "stockpot/io/statistics_writer.hpp"

namespace stockpot::engine {

/// A statistics file on its way to its place: what all ranks write beside it and rank 0 moves there. Unless
/// it was published, nothing of it remains and a file that stood there is as it was.
class StatisticsOutput {
 public:
  /// Collective. Locks the target. Throws on every rank alike: Error{usage} where something stands that is
  /// no file or another job writes, Error{system_io}.
  StatisticsOutput(comm::Communicator& world, const std::filesystem::path& target, io::Durability durability);
  ~StatisticsOutput();
  StatisticsOutput(const StatisticsOutput&) = delete;
  StatisticsOutput& operator=(const StatisticsOutput&) = delete;

  /// Collective. Creates a file of that name in the partial folder; every rank writes through its own writer.
  std::unique_ptr<io::StatisticsWriter> create(const std::string& name, const io::StatisticsHeader& header,
                                               const std::vector<io::NewStatistic>& statistics);
  /// Collective. What all ranks have written there, opened by each.
  std::unique_ptr<io::StatisticsFile> reopen(const std::string& name,
                                             std::unique_ptr<io::StatisticsWriter> writer);
  /// Collective. Once every rank has written: the file is what stands at the target.
  void publish(const std::string& name, const io::StatisticsWriter& writer);

 private:
  comm::Communicator& world_;
  std::filesystem::path partial_;
  io::Durability durability_;
  std::optional<io::OutputFolder> folder_;  ///< rank 0, until it is published
};

}  // namespace stockpot::engine
