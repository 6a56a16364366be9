#include "engine/matrix_sources.hpp"

#include <span>

#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {
namespace {

const plan::MatrixRef& matrix_of(const Job& job, std::uint32_t scope, std::size_t tensor, std::size_t model) {
  return job.plan.tasks[job.plan.scopes.groups[scope].tasks[tensor]].matrices[model];
}

const checkpoint::StoredMatrix& stored_matrix(const Job& job, const plan::MatrixRef& matrix,
                                              method::MatrixSide side) {
  const bool is_input = side == method::MatrixSide::input;
  return job.models[matrix.model].checkpoint.matrices[is_input ? matrix.input : matrix.output.value()];
}

}  // namespace

void LocalMatrices::read(std::size_t tensor, std::size_t model, method::MatrixSide side, std::uint64_t first,
                         std::uint64_t end, std::span<double> panel) {
  const plan::MatrixRef& matrix = matrix_of(job_, scope_, tensor, model);
  const checkpoint::StoredMatrix& stored = stored_matrix(job_, matrix, side);
  const Stopwatch watch(job_.counters.read_nanoseconds);
  const io::StatisticsFile& file = job_.statistics.at(matrix.model);
  const io::Statistic* const statistic = file.find(stored.kind, stored.name);
  if (statistic == nullptr || statistic->dimension != stored.dimension) {
    throw Error(ExitCode::input, "is not what it was when the job began",
                {file.path().string(), stored.name});
  }
  file.read_panel(*statistic, first, end, panel.data(), end - first);
  job_.counters.read_bytes +=
      (end - first) * stored.dimension * static_cast<std::uint64_t>(bytes(stored.dtype));
}

void RowMatrices::read(std::size_t tensor, std::size_t model, method::MatrixSide side, std::uint64_t first,
                       std::uint64_t end, std::span<double> panel) {
  const plan::MatrixRef& matrix = matrix_of(job_, scope_, tensor, model);
  const std::uint32_t home = job_.plan.column_of_model[matrix.model];
  const bool is_home = static_cast<std::uint32_t>(row_.rank()) == home;
  comm::agree_after(row_, "matrices of a scope", [&] {
    if (is_home) local_.read(tensor, model, side, first, end, panel);
  });
  row_.broadcast(panel, static_cast<int>(home), "matrices of a scope");
  if (is_home) {
    job_.counters.exchanged_bytes += (static_cast<std::uint64_t>(row_.size()) - 1) * panel.size_bytes();
  }
}

void survey_matrices(comm::Communicator& row, Job& job, std::uint32_t scope) {
  method::Survey& survey = job.surveys.at(scope);
  RowMatrices source(row, job, scope);
  for (std::uint64_t part = 0; part < survey.matrix_parts(); ++part) {
    const Stopwatch watch(job.counters.compute_nanoseconds);
    survey.take_matrices(part, source);
  }
}

}  // namespace stockpot::engine
