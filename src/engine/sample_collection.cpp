#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/block_filter.hpp"
#include "engine/sample_fisher.hpp"
#include "engine/statistics_collection.hpp"
#include "engine/statistics_fit.hpp"
#include "engine/token_rows.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/io/sample_file.hpp"

namespace stockpot::engine {
namespace {

using SampleFiles = std::vector<io::SampleFile>;
using RowsOf = const std::vector<io::SampleRows>& (io::SampleFile::*)() const;

const std::string& name_of(const io::SampleRows& rows) {
  return rows.module;
}
const std::string& name_of(const io::SampleGradients& gradients) {
  return gradients.tensor;
}

/// The datasets of a group by name, each with its file. Throws unless every file has every one.
template <typename Part, typename Dataset>
std::map<std::string, std::vector<Part>> by_name(const SampleFiles& files,
                                                 const std::vector<Dataset>& (io::SampleFile::*group)()
                                                     const) {
  std::map<std::string, std::vector<Part>> parts;
  for (const io::SampleFile& file : files) {
    for (const Dataset& dataset : (file.*group)()) parts[name_of(dataset)].push_back({&file, &dataset});
  }
  for (const auto& [name, found] : parts) {
    if (found.size() == files.size()) continue;
    std::size_t missing = 0;
    while (missing < found.size() && found[missing].file == &files[missing]) ++missing;
    const auto& [file, dataset] = found.front();
    refuse_statistic({files[missing].path(), dataset->data.object},
                     "is missing, but " + file->path().string() + " has it");
  }
  return parts;
}

/// Builds the collection of a job's sample files.
class SampleCollector {
 public:
  SampleCollector(const StatisticsJob& job, const checkpoint::Checkpoint& model,
                  const StatisticsStorage& storage)
      : job_(job), model_(model), storage_(storage), files_(std::make_shared<SampleFiles>()) {}

  Collection collect() {
    open_files();
    if (job_.what == Collected::gram) {
      add_grams(io::StatisticKind::gram, &io::SampleFile::inputs);
      add_grams(io::StatisticKind::gram_output, &io::SampleFile::output_gradients);
    }
    if (job_.what == Collected::fisher || !job_.block.empty()) {
      static_cast<void>(common_labels());
      const auto gradients = by_name<GradientPart>(*files_, &io::SampleFile::gradients);
      for (const auto& [tensor, parts] : gradients) check_gradients(tensor, parts);
      if (job_.what == Collected::fisher) add_fishers(gradients);
      add_blocks(gradients);
    }
    require_content();
    found_.header.labels = has_gradients_ ? common_labels() : io::Labels::none;
    found_.sources = files_;
    return std::move(found_);
  }

 private:
  void open_files() {
    files_->reserve(job_.samples.size());
    for (const std::filesystem::path& path : job_.samples) {
      io::FileIdentity identity = io::identify(io::File::open_to_read(path));
      const io::SampleFile& file = files_->emplace_back(io::SampleFile::open(path));
      found_.inputs.push_back({path, identity, file.model_digest()});
    }
    std::uint64_t examples = 0;
    for (const io::SampleFile& file : *files_) examples += file.examples();
    found_.header.examples = examples;
    found_.header.tokens = 0;
  }

  void add_grams(io::StatisticKind kind, RowsOf group) {
    std::map<std::vector<std::uint64_t>, std::string> names_of_data;
    for (const auto& [module, parts] : by_name<TokenPart>(*files_, group)) {
      check_rows(kind, module, parts);
      std::vector<std::uint64_t> addresses;
      for (const TokenPart& part : parts) addresses.push_back(part.rows->data.address);
      const auto [first, is_new] = names_of_data.emplace(addresses, module);
      CollectedMatrix matrix;
      matrix.statistic = {.kind = kind,
                          .name = module,
                          .shape = {parts.front().rows->width},
                          .dtype = storage_.matrix,
                          .layout = storage_.layout,
                          .weight_layout = parts.front().rows->weight_layout,
                          .shared_with = {}};
      if (is_new) {
        matrix.rows = std::make_unique<TokenRows>(parts, masks_);
        matrix.statistic.count = matrix.rows->rows();
        if (matrix.statistic.count == 0)
          refuse_statistic(place_of(parts.front()), "has no token that counts");
        found_.header.tokens = std::max(*found_.header.tokens, matrix.statistic.count);
      } else {
        matrix.statistic.shared_with = first->second;
        matrix.statistic.count = count_of(kind, first->second);
      }
      found_.matrices.push_back(std::move(matrix));
      has_gradients_ = has_gradients_ || kind == io::StatisticKind::gram_output;
    }
  }

  std::uint64_t count_of(io::StatisticKind kind, const std::string& module) const {
    const auto found = std::find_if(found_.matrices.begin(), found_.matrices.end(), [&](const auto& matrix) {
      return matrix.statistic.kind == kind && matrix.statistic.name == module;
    });
    return found->statistic.count;
  }

  template <typename Part>
  static StatisticPlace place_of(const Part& part) {
    if constexpr (requires { part.rows; }) {
      return {part.file->path(), part.rows->data.object};
    } else {
      return {part.file->path(), part.gradients->data.object};
    }
  }

  void check_rows(io::StatisticKind kind, const std::string& module, const std::vector<TokenPart>& parts) {
    const io::SampleRows& first = *parts.front().rows;
    for (const TokenPart& part : parts) {
      if (part.rows->width != first.width || part.rows->weight_layout != first.weight_layout) {
        refuse_statistic(
            place_of(part),
            fmt::format("has {} features and weight_layout '{}', but {} has {} and '{}'", part.rows->width,
                        io::name(part.rows->weight_layout), parts.front().file->path().string(), first.width,
                        io::name(first.weight_layout)));
      }
    }
    const StatisticPlace place = place_of(parts.front());
    if (kind == io::StatisticKind::gram) {
      require_module(model_, module, ModuleSide::inputs, first.width, first.weight_layout, place);
      return;
    }
    const std::vector<io::SampleRows>& inputs = parts.front().file->inputs();
    const auto found = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const io::SampleRows& rows) { return rows.module == module; });
    if (found == inputs.end()) {
      require_module(model_, module, ModuleSide::either, first.width, io::WeightLayout::out_in, place);
    } else {
      require_module(model_, module, ModuleSide::outputs, first.width, found->weight_layout, place);
    }
  }

  void check_gradients(const std::string& tensor, const std::vector<GradientPart>& parts) const {
    for (const GradientPart& part : parts) {
      require_tensor(model_, tensor, part.gradients->shape, place_of(part));
      if (part.gradients->classes != parts.front().gradients->classes) {
        refuse_statistic(place_of(part),
                         fmt::format("has {} classes, but {} has {}", part.gradients->classes,
                                     parts.front().file->path().string(), parts.front().gradients->classes));
      }
    }
    if (*found_.header.examples == 0) refuse_statistic(place_of(parts.front()), "has no examples");
  }

  void add_fishers(const std::map<std::string, std::vector<GradientPart>>& gradients) {
    std::vector<SampleFisher::Tensor> tensors;
    for (const auto& [tensor, parts] : gradients) {
      io::NewStatistic statistic;
      statistic.kind = io::StatisticKind::fisher;
      statistic.name = tensor;
      statistic.shape = parts.front().gradients->shape;
      statistic.dtype = storage_.fisher;
      statistic.count = *found_.header.examples;
      found_.fishers.push_back(std::move(statistic));
      tensors.push_back({tensor, parts});
    }
    if (tensors.empty()) return;
    found_.fisher = std::make_unique<SampleFisher>(std::move(tensors));
    has_gradients_ = true;
  }

  void add_blocks(const std::map<std::string, std::vector<GradientPart>>& gradients) {
    BlockFilter filter(job_.block);
    for (const auto& [tensor, parts] : gradients) {
      const io::SampleGradients& first = *parts.front().gradients;
      if (!filter.takes(tensor, first.shape)) continue;
      CollectedMatrix matrix;
      matrix.statistic = {.kind = io::StatisticKind::fisher_block,
                          .name = tensor,
                          .shape = {first.elements},
                          .dtype = storage_.matrix,
                          .layout = storage_.layout,
                          .count = *found_.header.examples,
                          .shared_with = {}};
      matrix.rows = std::make_unique<GradientRows>(parts);
      found_.matrices.push_back(std::move(matrix));
      has_gradients_ = true;
    }
    filter.require_found();
  }

  void require_content() const {
    if (!found_.matrices.empty() || !found_.fishers.empty()) return;
    throw Error(ExitCode::input,
                job_.what == Collected::gram
                    ? "holds neither /inputs nor /output_gradients, which Grams are taken of"
                    : "holds no /gradients, which Fisher values are taken of",
                {job_.samples.front().string(), ""});
  }

  io::Labels common_labels() const {
    const io::SampleFile& first = files_->front();
    for (const io::SampleFile& file : *files_) {
      if (file.labels() == first.labels()) continue;
      refuse_statistic({file.path(), "/"},
                       fmt::format("attribute 'labels' is '{}', but '{}' in {}", io::name(file.labels()),
                                   io::name(first.labels()), first.path().string()));
    }
    return first.labels();
  }

  const StatisticsJob& job_;
  const checkpoint::Checkpoint& model_;
  StatisticsStorage storage_;
  std::shared_ptr<SampleFiles> files_;
  MaskCounts masks_;
  Collection found_;
  bool has_gradients_ = false;
};

}  // namespace

Collection collect_samples(const StatisticsJob& job, const checkpoint::Checkpoint& model,
                           const StatisticsStorage& storage) {
  return SampleCollector(job, model, storage).collect();
}

}  // namespace stockpot::engine
