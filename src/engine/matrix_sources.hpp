#pragma once

#include "engine/job.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::engine {

/// Reads the matrices of a scope from the statistics files, which this rank sees. Counts the bytes.
class LocalMatrices : public method::MatrixSource {
 public:
  LocalMatrices(Job& job, std::uint32_t scope) : job_(job), scope_(scope) {}
  void read(std::size_t tensor, std::size_t model, method::MatrixSide side, std::uint64_t first,
            std::uint64_t end, std::span<double> panel) override;

 private:
  Job& job_;
  std::uint32_t scope_;
};

/// Collective over a row of the grid, whose ranks ask for the same rows in the same order: the column that
/// has a model's statistics reads them and sends them to the others. All of them throw what the reader does.
class RowMatrices : public method::MatrixSource {
 public:
  RowMatrices(comm::Communicator& row, Job& job, std::uint32_t scope)
      : row_(row), job_(job), scope_(scope), local_(job, scope) {}
  void read(std::size_t tensor, std::size_t model, method::MatrixSide side, std::uint64_t first,
            std::uint64_t end, std::span<double> panel) override;

 private:
  comm::Communicator& row_;
  Job& job_;
  std::uint32_t scope_;
  LocalMatrices local_;
};

/// Collective over a row of the grid. Shows a survey what its round reads.
void survey_matrices(comm::Communicator& row, Job& job, std::uint32_t scope);

}  // namespace stockpot::engine
