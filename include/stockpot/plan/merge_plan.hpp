#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/plan/output_layout.hpp"
#include "stockpot/plan/partition.hpp"
#include "stockpot/plan/resolve.hpp"
#include "stockpot/plan/scope_group.hpp"
#include "stockpot/plan/task.hpp"

/// Who does what: a pure function of headers, number of ranks and limits. Knows no MPI and opens no file, so
/// that it answers for any machine.
namespace stockpot::plan {

/// Ranks in `rows` x `columns`: rank r is row r / columns (its share of the layers) and column r % columns
/// (its share of the models).
struct GridShape {
  std::uint64_t rows = 1;
  std::uint64_t columns = 1;
  [[nodiscard]] std::uint64_t ranks() const { return rows * columns; }
};

/// How ranks of one row bring different models together.
enum class Exchange {
  tiles,  ///< every column sends what it stores to the tile's owner
  sums,   ///< running double sums pass from column to column, in recipe order (linear forms)
};

struct PlanOptions {
  GridShape grid;
  int threads = 1;
  std::optional<std::uint64_t> memory_bytes;  ///< per rank; none: no limit
  std::uint64_t shard_bytes = 5'000'000'000;
  OutputFormat format = OutputFormat::safetensors;
  std::uint64_t seed = 0;
  /// Forces one where the method is linear; none: the plan picks the fewer bytes. Other methods need tiles.
  std::optional<Exchange> exchange;
  /// Which units each row has; none, or where they don't fit the tasks: the plan balances.
  std::optional<std::vector<std::vector<Piece>>> pieces;
  std::uint64_t statistics_bytes = 0;  ///< per rank, of statistics that are collected beside the work
  std::uint64_t largest_held_order = MergeSettings{}.largest_held_order;  ///< changes bits: for tests
};

/// What a rank moves, in bytes of tensor payload.
struct Traffic {
  std::uint64_t read_bytes = 0;
  std::uint64_t exchanged_bytes = 0;  ///< sent
  std::uint64_t received_bytes = 0;   ///< of what other ranks sent
  std::uint64_t written_bytes = 0;
  /// Statistics that it gives to reductions over ranks, and what it gets of them. Exact but for selections,
  /// whose data decide how often they look: for these the most.
  std::uint64_t reduced_bytes = 0;
  std::uint64_t gathered_bytes = 0;
};

/// How a rank uses memory while it works.
struct BufferPlan {
  std::uint64_t lanes = 1;            ///< work items under way at once
  std::uint64_t bytes_per_lane = 0;   ///< tiles of every input and of the output
  std::uint64_t tile_elements = 0;    ///< at most; fewer where a tensor has many inputs
  bool holds_sums = false;            ///< lanes also hold running sums in double (grids of several columns)
  std::uint64_t survey_bytes = 0;     ///< what all surveys under way may hold
  std::uint64_t scratch_bytes = 0;    ///< what they keep in scratch files
  std::uint64_t surveys_at_once = 0;  ///< of scopes that a rank has alone; 0: any number
  [[nodiscard]] std::uint64_t bytes() const { return lanes * bytes_per_lane; }
};

struct RankForecast {
  std::uint64_t tensors = 0;
  Traffic traffic;
  std::uint64_t peak_resident_bytes = 0;
  std::uint64_t scratch_bytes = 0;  ///< of scratch files at a time, at most
};

struct MergePlan {
  std::vector<TensorTask> tasks;
  OutputLayout layout;
  GridShape grid;
  ScopeGroups scopes;
  std::vector<std::vector<Piece>> pieces;      ///< by row
  std::vector<std::uint32_t> column_of_model;  ///< which column reads a model
  Exchange exchange = Exchange::tiles;
  BufferPlan buffers;
  std::uint64_t base_resident_bytes = 0;  ///< program, libraries, headers, plan: everything but the buffers
  MergeSettings settings;
  std::optional<std::vector<std::uint64_t>> output_layers;  ///< see ResolvedMerge
  std::optional<std::uint64_t> vocabulary;                  ///< see ResolvedMerge
  std::uint32_t config_model = 0;
  double imbalance = 0.0;

  [[nodiscard]] std::uint64_t row_of(std::uint64_t rank) const { return rank / grid.columns; }
  [[nodiscard]] std::uint64_t column_of(std::uint64_t rank) const { return rank % grid.columns; }
};

/// Lays out, partitions and budgets resolved tasks. Throws Error{usage} when the memory limit is too small,
/// naming the smallest that works. Cost: O(tasks log tasks + ranks).
MergePlan make_plan(const recipe::Recipe& recipe, const method::Method& method, ResolvedMerge resolved,
                    const ModelSet& models, const PlanOptions& options);

/// Digest of everything that the output's bytes depend on: equal for every run that must give the same bytes.
/// Cost: all headers are written out once.
Digest job_digest(const recipe::Recipe& recipe, const MergePlan& plan, const ModelSet& models);

/// Tile length for a task: a multiple of the kernel's block that fits a lane's buffer, at most a unit; or as
/// many whole rows.
std::uint64_t tile_elements(const TensorTask& task, const ModelSet& models, const BufferPlan& buffers);

/// Bytes of lane buffer that one element of a task needs: its inputs, its output, what the method works in.
std::uint64_t buffer_bytes_per_element(const TensorTask& task, const ModelSet& models, bool holds_sums);

/// How often each element of a task is read: once by every pass of its survey and once when it is merged.
std::uint64_t readings(const MergePlan& plan, std::uint32_t task);

/// True if several ranks survey the scope together: its tensors are cut between rows, or rows have columns.
bool is_shared(const MergePlan& plan, const ScopeGroup& group);

/// Scopes of one row alone whose surveys go on at once, in a grid of several columns.
inline constexpr std::uint64_t row_scopes_at_once = 16;
/// What the survey of a scope that ranks share may hold, the same on all of them.
std::uint64_t shared_survey_bytes(const MergePlan& plan, const ScopeGroup& group);

/// Column that writes unit `unit` of task `task`: in turn, except that copies stay with the column that holds
/// their model.
std::uint64_t owner_column(const MergePlan& plan, std::uint32_t task, std::uint64_t unit);

/// True if a task's running sums pass from column to column: the plan chose so, and the task's models stand
/// in the order of the columns.
bool passes_sums(const MergePlan& plan, std::uint32_t task);

/// What every rank will read, exchange and write, exactly; what it will reduce; its peak memory, at most.
std::vector<RankForecast> forecast(const MergePlan& plan, const ModelSet& models);

}  // namespace stockpot::plan
