#include "engine/statistics_output.hpp"

#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {

StatisticsOutput::StatisticsOutput(comm::Communicator& world, const std::filesystem::path& target,
                                   io::Durability durability)
    : world_(world), durability_(durability) {
  comm::agree_after(world, "statistics file", [&] {
    partial_ = io::partial_path(target);
    if (!world.is_root()) return;
    io::OutputFolder::Options options;
    options.existing = io::ExistingOutput::overwrite;
    options.durability = durability;
    options.kind = io::OutputKind::file;
    folder_.emplace(io::OutputFolder::claim(target, options));
  });
}

StatisticsOutput::~StatisticsOutput() {
  if (folder_) folder_->discard();
}

std::unique_ptr<io::StatisticsWriter> StatisticsOutput::create(
    const std::string& name, const io::StatisticsHeader& header,
    const std::vector<io::NewStatistic>& statistics) {
  comm::agree_after(world_, "creating the statistics file", [&] {
    if (world_.is_root()) io::StatisticsWriter::create(partial_ / name, header, statistics);
  });
  std::unique_ptr<io::StatisticsWriter> writer;
  comm::agree_after(world_, "opening the statistics file",
                    [&] { writer = std::make_unique<io::StatisticsWriter>(partial_ / name); });
  return writer;
}

std::unique_ptr<io::StatisticsFile> StatisticsOutput::reopen(const std::string& name,
                                                             std::unique_ptr<io::StatisticsWriter> writer) {
  // Synced and closed: file systems of several hosts show it to the others then.
  comm::agree_after(world_, "new statistics", [&] {
    writer->sync();
    writer.reset();
  });
  std::unique_ptr<io::StatisticsFile> file;
  comm::agree_after(world_, "opening new statistics", [&] {
    file = std::make_unique<io::StatisticsFile>(io::StatisticsFile::open(partial_ / name));
  });
  return file;
}

void StatisticsOutput::publish(const std::string& name, const io::StatisticsWriter& writer) {
  comm::agree_after(world_, "written statistics", [&] {
    if (durability_ == io::Durability::fsync) writer.sync();
  });
  comm::agree_after(world_, "publishing the statistics file", [&] {
    if (!world_.is_root()) return;
    folder_->publish_file(name);
    folder_.reset();
  });
}

}  // namespace stockpot::engine
