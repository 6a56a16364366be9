#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/geometry_collector.hpp"
#include "engine/output_data.hpp"
#include "engine/rank_counters.hpp"
#include "engine/resident_models.hpp"
#include "engine/scope_surveys.hpp"
#include "engine/statistics_files.hpp"
#include "engine/unit_record.hpp"
#include "stockpot/checkpoint/view.hpp"
#include "stockpot/engine/memory_budget.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/io/journal.hpp"
#include "stockpot/method/method.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {

/// Everything that one rank's passes share. Lanes use it at the same time; what they change is atomic or
/// behind the mutex.
struct Job {
  const plan::MergePlan& plan;
  const plan::ModelSet& models;
  const method::Method& method;
  const RunOptions& options;
  std::vector<checkpoint::ViewReader> readers;  ///< by model
  std::shared_ptr<OutputData> output;           ///< null: nothing is written
  const ResidentModels* resident = nullptr;     ///< what needn't be read from files; null: nothing
  bool keeps_records = true;                    ///< false: nothing is digested, recorded or continued
  MemoryBudget budget;
  RankCounters counters;
  std::optional<io::JournalWriter> journal;
  std::map<std::uint64_t, std::vector<Digest>> earlier;  ///< what an earlier run has journaled
  ScopeSurveys surveys;
  StatisticsFiles statistics;
  std::unique_ptr<GeometryCollector>
      geometry;  ///< shown every tile that is merged; null: nothing is measured

  Job(const plan::MergePlan& plan, const plan::ModelSet& models, const method::Method& method,
      const RunOptions& options, std::shared_ptr<OutputData> output,
      const std::filesystem::path& scratch_folder);

  /// Keeps a finished unit and journals it. Thread safe.
  void finish(UnitRecord record);
  /// The earlier run's record of a unit, if it has one of the right form.
  [[nodiscard]] std::optional<UnitRecord> earlier_record(std::uint32_t task, std::uint64_t unit) const;
  /// Begins the survey of a scope, with what an earlier run found. Thread safe.
  method::Survey& begin_survey(std::uint32_t scope, std::uint64_t memory_bytes);
  /// Keeps what a complete survey reports, and journals what it found. Thread safe.
  void finish_survey(std::uint32_t scope);
  /// All records, once no lane runs.
  [[nodiscard]] const std::vector<UnitRecord>& records() const { return records_; }

 private:
  std::mutex mutex_;
  std::vector<UnitRecord> records_;
};

/// The apply step of a task; null where nothing is computed. @pre its survey is complete
std::unique_ptr<method::ElementPass> pass_of(const Job& job, std::uint32_t task);

/// Throws Error{input} naming the file if an input of the tile holds NaN or infinity; inputs without data are
/// elsewhere.
void refuse_nonfinite_inputs(const Job& job, const plan::TensorTask& task, const method::Tile& tile);

/// Local, thread safe. Shows a tile that was read, with every input, to the job's collector of geometry if
/// there is one. Throws Error{input} where the policy is to refuse NaN and infinity and an input holds any.
void measure_tile(Job& job, std::uint32_t task, const method::Tile& tile);

/// Collective. Throws Error{input} on every rank if a file that some rank reads is not what it was.
void check_inputs_unchanged(comm::Communicator& world, const Job& job);

/// Throws Error{input} naming a file of the tensor that holds NaN or infinity, or Error{input} about overflow
/// where none does.
[[noreturn]] void report_nonfinite(const Job& job, const plan::TensorTask& task, const method::Tile& tile);

/// Path of the file that an input's first byte lies in, for messages.
std::string file_of(const plan::ModelSet& models, const plan::TensorTask& task, const plan::InputRef& input);

}  // namespace stockpot::engine
