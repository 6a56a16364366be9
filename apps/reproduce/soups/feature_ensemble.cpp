#include "soups/feature_ensemble.hpp"

#include <algorithm>
#include <array>

#include "model_files.hpp"
#include "stockpot/probe/mlp.hpp"

namespace stockpot::reproduce {
namespace {

void add(std::vector<double>& sums, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

void divide(std::vector<double>& values, std::size_t count) {
  for (double& value : values) value /= static_cast<double>(count);
}

/// Adds the inputs of a model's last layer, [examples, elements].
void add_features(const probe::Probe& model, const probe::Batch& batch, std::vector<double>& sums) {
  const std::size_t last = model.shape().modules.size() - 1;
  sums.resize(batch.examples * model.shape().modules[last].input_elements, 0.0);
  std::size_t filled = 0;
  model.visit_layer_inputs(batch, [&](const probe::LayerRows& rows) {
    if (rows.module != last) return;
    for (const double value : rows.values) sums[filled++] += value;
  });
}

/// The last layer as a model of its own.
probe::Parameters head_of(const probe::Probe& model, const probe::Parameters& parameters) {
  const std::string& module = model.shape().modules.back().name;
  probe::Parameters head;
  for (const char* const kind : {".weight", ".bias"}) {
    const auto tensor = std::find_if(parameters.begin(), parameters.end(),
                                     [&](const auto& each) { return each.name == module + kind; });
    head.push_back(*tensor);
    head.back().name = std::string("layers.0") + kind;
  }
  return head;
}

}  // namespace

Subject features_subject(const std::vector<std::filesystem::path>& models, Head head) {
  return [models, head](const Examples& examples) {
    std::vector<double> features;
    probe::Parameters last;
    for (const std::filesystem::path& path : models) {
      const probe::Parameters parameters = read_model(path);
      const auto model = probe::open_mlp(parameters);
      add_features(*model, examples.batch(), features);
      const probe::Parameters own = head_of(*model, parameters);
      if (last.empty()) {
        last = own;
      } else if (head == Head::mean) {
        for (std::size_t t = 0; t < last.size(); ++t) add(last[t].values, own[t].values);
      }
    }
    divide(features, models.size());
    if (head == Head::mean) {
      for (probe::NamedTensor& tensor : last) divide(tensor.values, models.size());
    }
    probe::Evaluation total;
    probe::Batch batch = examples.batch();
    batch.inputs = features;
    probe::open_mlp(last)->evaluate(batch, total);
    return total.metric("accuracy");
  };
}

}  // namespace stockpot::reproduce
