#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "plan/task_builder.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::plan {
namespace {

/// The module whose weight a tensor is, as statistics name it; empty if it is none.
std::string module_of(const std::string& tensor) {
  const auto without = [&tensor](const std::string& ending) {
    return tensor.substr(0, tensor.size() - ending.size());
  };
  if (tensor.ends_with(".weight")) return without(".weight");
  return tensor.ends_with(".in_proj_weight") ? without("_weight") : "";
}

std::optional<std::uint32_t> find_matrix(const checkpoint::Checkpoint& checkpoint, io::StatisticKind kind,
                                         const std::string& name) {
  const auto found = std::find_if(
      checkpoint.matrices.begin(), checkpoint.matrices.end(),
      [&](const checkpoint::StoredMatrix& matrix) { return matrix.kind == kind && matrix.name == name; });
  if (found == checkpoint.matrices.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - checkpoint.matrices.begin());
}

/// Rows that a matrix of a tensor must have; 0: the tensor can have none.
std::uint64_t expected_order(const Shape& shape, const checkpoint::StoredMatrix& matrix) {
  if (matrix.kind == io::StatisticKind::fisher_block) return shape.size() == 1 ? shape[0] : 0;
  if (shape.size() != 2) return 0;
  const bool is_last =
      (matrix.kind == io::StatisticKind::gram) == (matrix.weight_layout == io::WeightLayout::out_in);
  return shape[is_last ? 1 : 0];
}

}  // namespace

std::uint32_t TaskBuilder::statistics_of(const Contribution& contribution, const Location& location) const {
  const std::string& file = location.module->models[contribution.source.value()].statistics;
  const auto found = std::find_if(models_.begin(), models_.end(), [&](const Model& model) {
    return model.statistics_of == contribution.model && model.checkpoint.reference == file;
  });
  return static_cast<std::uint32_t>(found - models_.begin());
}

void TaskBuilder::report_lacking(const TensorTask& task, const std::string& what, const std::string& file) {
  error("tensor " + quote(task.name),
        fmt::format("some models have {} of it, but there is none in {}", what, file),
        "compute it for every model, or leave the tensor out with exclude:");
}

void TaskBuilder::add_statistics(TensorTask& task, const std::vector<Contribution>& contributions,
                                 const Location& location) {
  const method::StatisticUse use = method_.statistic_use(task.values);
  if (use == method::StatisticUse::none) return;
  if (use == method::StatisticUse::diagonal) {
    task.statistics = find_diagonals(task, contributions, location);
  } else {
    task.matrices = find_matrices(task, contributions, location, use);
  }
}

std::vector<InputRef> TaskBuilder::find_diagonals(const TensorTask& task,
                                                  const std::vector<Contribution>& contributions,
                                                  const Location& location) {
  std::vector<InputRef> found;
  std::string lacking;
  for (const Contribution& contribution : contributions) {
    const std::uint32_t statistics = statistics_of(contribution, location);
    const auto view = models_[statistics].find(contribution.tensor_name);
    if (!view) {
      lacking = models_[statistics].checkpoint.reference;
      continue;
    }
    found.push_back({statistics, *view, false});
    if (this->view(found.back()).shape == task.shape) continue;
    error("tensor " + quote(task.name),
          fmt::format("its Fisher diagonal does not fit: {}, but the tensor is {}", describe(found.back()),
                      to_string(task.shape)));
    return {};
  }
  if (found.empty() || lacking.empty()) return found;
  report_lacking(task, "a Fisher diagonal", lacking);
  return {};
}

std::vector<MatrixRef> TaskBuilder::find_matrices(const TensorTask& task,
                                                  const std::vector<Contribution>& contributions,
                                                  const Location& location, method::StatisticUse use) {
  const bool of_vector = use == method::StatisticUse::vector_matrix;
  std::vector<MatrixRef> found;
  std::string lacking;
  std::string lacking_output;
  bool fits = true;
  const auto check = [&](const checkpoint::Checkpoint& statistics, const checkpoint::StoredMatrix& matrix) {
    const bool same_layout =
        matrix.weight_layout ==
        models_[found.front().model].checkpoint.matrices[found.front().input].weight_layout;
    if (fits && same_layout && matrix.dimension == expected_order(task.shape, matrix)) return;
    if (fits) {
      error(
          "tensor " + quote(task.name),
          fmt::format("its matrix {} of {} rows, weight_layout {}, in {} does not fit a tensor of shape {}{}",
                      quote(io::name(matrix.kind) + "/" + matrix.name), matrix.dimension,
                      io::name(matrix.weight_layout), statistics.files.front().path.string(),
                      to_string(task.shape), same_layout ? "" : " as another model's does"));
    }
    fits = false;
  };
  for (std::size_t i = 0; i < contributions.size(); ++i) {
    const std::uint32_t index = statistics_of(contributions[i], location);
    const checkpoint::Checkpoint& statistics = models_[index].checkpoint;
    // Statistics name a model's own modules, whatever names: makes of them.
    const checkpoint::TensorView& view = this->view(task.inputs[i]);
    const std::string stored_name = stored(task.inputs[i]).name;
    const std::string name = of_vector ? stored_name : module_of(stored_name);
    const auto input =
        find_matrix(statistics, of_vector ? io::StatisticKind::fisher_block : io::StatisticKind::gram, name);
    if (!input) {
      lacking = statistics.reference;
      continue;
    }
    if (!view.is_plain()) {
      error("tensor " + quote(task.name),
            fmt::format("has a matrix in {}, which names: can't cut or join with its tensor",
                        statistics.reference),
            "leave the tensor out with exclude:, or merge it under its own name");
      return {};
    }
    found.push_back({index, *input, std::nullopt});
    check(statistics, statistics.matrices[*input]);
    if (use != method::StatisticUse::input_output_matrix) continue;
    found.back().output = find_matrix(statistics, io::StatisticKind::gram_output, name);
    if (!found.back().output) {
      lacking_output = statistics.reference;
      continue;
    }
    // The layout of the weight stands beside the inputs alone.
    checkpoint::StoredMatrix output = statistics.matrices[*found.back().output];
    output.weight_layout = statistics.matrices[*input].weight_layout;
    check(statistics, output);
  }
  if (!fits) return {};
  if (!found.empty() && !lacking.empty()) {
    report_lacking(task, of_vector ? "a Fisher block" : "a Gram matrix", lacking);
    return {};
  }
  if (lacking_output.empty()) return found;
  const bool no_outputs = std::none_of(found.begin(), found.end(),
                                       [](const MatrixRef& matrix) { return matrix.output.has_value(); });
  if (!no_outputs) report_lacking(task, "a Gram matrix of output gradients", lacking_output);
  return {};
}

}  // namespace stockpot::plan
