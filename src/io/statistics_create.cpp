#include <hdf5.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "hdf5_attribute.hpp"
#include "hdf5_new_file.hpp"
#include "hdf5_types.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/io/hdf5_state.hpp"
#include "stockpot/io/statistics_writer.hpp"

namespace stockpot::io {
namespace {

constexpr std::uint64_t format_version = 1;

Shape stored_shape(const NewStatistic& statistic) {
  if (statistic.kind == StatisticKind::fisher) return statistic.shape;
  const std::uint64_t dimension = statistic.shape.front();
  if (statistic.layout == TriangleLayout::full) return {dimension, dimension};
  return {triangle_elements(dimension)};
}

void require_possible(const NewStatistic& statistic) {
  const bool has_type = statistic.dtype == DType::f32 || statistic.dtype == DType::f64;
  const bool has_shape =
      statistic.kind == StatisticKind::fisher
          ? statistic.shape.size() <= H5S_MAX_RANK
          : statistic.shape.size() == 1 && statistic.shape.front() < (std::uint64_t{1} << 31);
  if (!has_type || !has_shape) {
    throw std::invalid_argument("statistic of " + statistic.name + " has no possible type or shape");
  }
}

void add_attributes(hid_t dataset, const NewStatistic& statistic, std::uint64_t all_examples,
                    const Hdf5Check& check) {
  switch (statistic.kind) {
    case StatisticKind::fisher:
      if (statistic.count != 0 && statistic.count != all_examples) {
        write_number_attribute(dataset, "examples", statistic.count, check);
      }
      return;
    case StatisticKind::gram:
      write_number_attribute(dataset, "tokens", statistic.count, check);
      write_string_attribute(dataset, "weight_layout", name(statistic.weight_layout), check);
      break;
    case StatisticKind::gram_output:
      write_number_attribute(dataset, "tokens", statistic.count, check);
      break;
    case StatisticKind::fisher_block:
      write_number_attribute(dataset, "examples", statistic.count, check);
      break;
  }
  write_string_attribute(dataset, "layout", name(statistic.layout), check);
}

/// The groups of one file, made when the first statistic needs them.
class StatisticsCreator {
 public:
  explicit StatisticsCreator(const std::filesystem::path& path) : file_(path, Hdf5Names::objects) {}

  void add_header(const StatisticsHeader& header) {
    examples_ = header.examples.value_or(0);
    write_number_attribute(file_.root(), "format_version", format_version, file_.check());
    write_string_attribute(file_.root(), "model_digest", header.model_digest.hex(), file_.check());
    write_number_attribute(file_.root(), "examples", examples_, file_.check());
    write_number_attribute(file_.root(), "tokens", header.tokens.value_or(0), file_.check());
    write_string_attribute(file_.root(), "labels", name(header.labels), file_.check());
  }

  void add_dataset(const NewStatistic& statistic) {
    const Hdf5Handle type = hdf5_type(statistic.dtype, file_.check());
    const Hdf5Handle dataset = file_.add_dataset(group(statistic.kind), escape_hdf5_name(statistic.name),
                                                 type.get(), stored_shape(statistic), object_of(statistic));
    add_attributes(dataset.get(), statistic, examples_, file_.check());
  }

  void add_link(const NewStatistic& statistic) {
    file_.add_hard_link(group(statistic.kind), escape_hdf5_name(statistic.shared_with),
                        escape_hdf5_name(statistic.name), object_of(statistic));
  }

  void close() {
    groups_.clear();
    file_.close();
  }

 private:
  static std::string object_of(const NewStatistic& statistic) {
    return "/" + name(statistic.kind) + "/" + escape_hdf5_name(statistic.name);
  }

  hid_t group(StatisticKind kind) {
    Hdf5Handle& group = groups_[kind];
    if (!group) group = file_.add_group(file_.root(), name(kind), "/" + name(kind));
    return group.get();
  }

  Hdf5NewFile file_;
  std::uint64_t examples_ = 0;
  std::map<StatisticKind, Hdf5Handle> groups_;
};

}  // namespace

void StatisticsWriter::create(const std::filesystem::path& path, const StatisticsHeader& header,
                              std::vector<NewStatistic> statistics) {
  for (const NewStatistic& statistic : statistics) require_possible(statistic);
  std::sort(statistics.begin(), statistics.end(), [](const NewStatistic& a, const NewStatistic& b) {
    return a.kind != b.kind ? a.kind < b.kind : natural_less(a.name, b.name);
  });
  const Hdf5Session session;
  StatisticsCreator creator(path);
  creator.add_header(header);
  for (const NewStatistic& statistic : statistics) {
    if (statistic.shared_with.empty()) creator.add_dataset(statistic);
  }
  for (const NewStatistic& statistic : statistics) {
    if (!statistic.shared_with.empty()) creator.add_link(statistic);
  }
  creator.close();
}

}  // namespace stockpot::io
