#include <algorithm>
#include <map>
#include <utility>

#include "engine/block_filter.hpp"
#include "engine/probe_fisher.hpp"
#include "engine/probe_rows.hpp"
#include "engine/statistics_collection.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/view.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::engine {
namespace {

/// Every tensor of a model, widened to double.
probe::Parameters read_parameters(const checkpoint::Checkpoint& model) {
  const checkpoint::ViewReader reader(model);
  probe::Parameters parameters;
  std::vector<std::byte> stored;
  for (const checkpoint::TensorView& view : checkpoint::make_views(model, {}, model.reference)) {
    if (!is_mergeable(view.dtype)) {
      throw Error(ExitCode::input, "is of type " + std::string(name(view.dtype)) + ", which no probe runs",
                  {model.reference, view.name});
    }
    const std::uint64_t elements = view.elements();
    stored.resize(static_cast<std::size_t>(elements * static_cast<std::uint64_t>(bytes(view.dtype))));
    reader.read(view, 0, elements, stored.data());
    probe::NamedTensor tensor{view.name, view.shape, {}};
    tensor.values.reserve(static_cast<std::size_t>(elements));
    for (std::size_t i = 0; i < elements; ++i) {
      tensor.values.push_back(load_as_double(view.dtype, stored.data(), i));
    }
    parameters.push_back(std::move(tensor));
  }
  return parameters;
}

io::Labels labels_of(probe::LabelMode mode) {
  switch (mode) {
    case probe::LabelMode::exact:
      return io::Labels::exact;
    case probe::LabelMode::sampled:
      return io::Labels::sampled;
    case probe::LabelMode::empirical:
      break;
  }
  return io::Labels::empirical;
}

void add_matrix(Collection& found, const std::shared_ptr<ProbedData>& probed,
                const StatisticsStorage& storage, io::StatisticKind kind, const std::string& name,
                ProbeRows::Shown shown, std::size_t index) {
  CollectedMatrix matrix;
  matrix.rows = std::make_unique<ProbeRows>(*probed, shown, index);
  matrix.statistic.kind = kind;
  matrix.statistic.name = name;
  matrix.statistic.shape = {matrix.rows->width()};
  matrix.statistic.dtype = storage.matrix;
  matrix.statistic.layout = storage.layout;
  matrix.statistic.count = probed->data.examples();
  found.matrices.push_back(std::move(matrix));
}

}  // namespace

Collection collect_probed(const StatisticsJob& job, const checkpoint::Checkpoint& model,
                          const StatisticsStorage& storage) {
  const probe::ProbeOpener open = probe::find_probe(job.probe->backend);
  Collection found;
  found.inputs.push_back({job.probe->data, io::identify(io::File::open_to_read(job.probe->data)), {}});
  std::unique_ptr<probe::Probe> opened;
  try {
    opened = open(read_parameters(model));
  } catch (const Error& error) {
    if (!error.subject().file.empty()) throw;
    throw Error(error.code(), error.what(), {model.reference, ""});
  }
  const auto probed = std::make_shared<ProbedData>(
      ProbedData{std::move(opened), io::DataFile(job.probe->data), job.probe->labels});
  const std::uint64_t examples = probed->data.examples();
  const probe::ModelShape& shape = probed->model->shape();
  if (examples == 0) {
    throw Error(ExitCode::input, "'/x': has no examples", {job.probe->data.string(), ""});
  }
  if (probed->data.input_elements() != shape.input_elements) {
    throw Error(ExitCode::input,
                "'/x': has " + std::to_string(probed->data.input_elements()) +
                    " values an example, but the model takes " + std::to_string(shape.input_elements),
                {job.probe->data.string(), ""});
  }
  found.header.examples = examples;
  found.header.tokens = job.what == Collected::gram ? examples : 0;
  found.header.labels = labels_of(job.probe->labels.mode);
  found.sources = probed;

  using Shown = ProbeRows::Shown;
  for (std::size_t m = 0; job.what == Collected::gram && m < shape.modules.size(); ++m) {
    const std::string& name = shape.modules[m].name;
    add_matrix(found, probed, storage, io::StatisticKind::gram, name, Shown::layer_inputs, m);
    add_matrix(found, probed, storage, io::StatisticKind::gram_output, name, Shown::output_gradients, m);
  }
  BlockFilter filter(job.block);
  for (std::size_t p = 0; p < shape.parameters.size(); ++p) {
    const probe::NamedShape& parameter = shape.parameters[p];
    if (job.what == Collected::fisher) {
      io::NewStatistic fisher;
      fisher.name = parameter.name;
      fisher.shape = parameter.shape;
      fisher.dtype = storage.fisher;
      fisher.count = examples;
      found.fishers.push_back(std::move(fisher));
    }
    if (!filter.takes(parameter.name, parameter.shape)) continue;
    add_matrix(found, probed, storage, io::StatisticKind::fisher_block, parameter.name,
               Shown::parameter_gradients, p);
  }
  filter.require_found();
  if (job.what == Collected::fisher) found.fisher = std::make_unique<ProbeFisher>(*probed);
  return found;
}

}  // namespace stockpot::engine
