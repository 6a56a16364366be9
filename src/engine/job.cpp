#include "engine/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {

Job::Job(const plan::MergePlan& merge_plan, const plan::ModelSet& model_set,
         const method::Method& merge_method, const RunOptions& run_options,
         std::shared_ptr<OutputData> output_data, const std::filesystem::path& scratch_folder)
    : plan(merge_plan),
      models(model_set),
      method(merge_method),
      options(run_options),
      output(std::move(output_data)),
      budget(merge_plan.buffers.bytes()),
      surveys(merge_plan, model_set, merge_method, scratch_folder),
      statistics(model_set) {
  for (const plan::Model& model : models) readers.emplace_back(model.checkpoint);
}

void Job::finish(UnitRecord record) {
  if (journal) journal->append(unit_key(record.task, record.unit), to_journal(record));
  const std::lock_guard lock(mutex_);
  records_.push_back(std::move(record));
}

method::Survey& Job::begin_survey(std::uint32_t scope, std::uint64_t memory_bytes) {
  const auto found = earlier.find(survey_key(scope));
  return surveys.begin(scope, memory_bytes, found == earlier.end() ? nullptr : &found->second);
}

void Job::finish_survey(std::uint32_t scope) {
  surveys.report(scope);
  const std::vector<Digest> findings = surveys.findings(scope);
  if (journal && !findings.empty()) journal->append(survey_key(scope), findings);
}

std::optional<UnitRecord> Job::earlier_record(std::uint32_t task, std::uint64_t unit) const {
  const auto found = earlier.find(unit_key(task, unit));
  if (found == earlier.end()) return std::nullopt;
  UnitRecord record;
  record.task = task;
  record.unit = unit;
  if (!from_journal(unit_blocks(plan, models, task, unit), found->second, record)) return std::nullopt;
  return record;
}

std::unique_ptr<method::ElementPass> pass_of(const Job& job, std::uint32_t task) {
  if (job.plan.tasks[task].kind != plan::TaskKind::merge) return nullptr;
  if (const auto& place = job.plan.scopes.place[task]) return job.surveys.pass(*place);
  return job.method.coefficients(plan::context_of(job.plan.tasks[task], job.models, job.plan.settings));
}

std::string file_of(const plan::ModelSet& models, const plan::TensorTask& task, const plan::InputRef& input) {
  const plan::Model& model = models[input.model];
  const std::uint32_t stored =
      task.kind == plan::TaskKind::digest ? input.view : model.views[input.view].parts.front().tensor;
  return model.checkpoint.files[model.checkpoint.tensors[stored].file].path.string();
}

void refuse_nonfinite_inputs(const Job& job, const plan::TensorTask& task, const method::Tile& tile) {
  const std::vector<plan::InputRef> inputs = plan::all_inputs(task);
  std::vector<kernel::TypedInput> all(tile.inputs.begin(), tile.inputs.end());
  if (task.anchor) all.push_back(tile.anchor);
  all.insert(all.end(), tile.statistics.begin(), tile.statistics.end());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const kernel::TypedInput data = all[i];
    if (data.data == nullptr || !is_mergeable(data.dtype)) continue;
    const std::uint64_t covered = tile.before + tile.count + tile.after;
    if (const std::uint64_t bad = kernel::count_nonfinite(data, covered); bad > 0) {
      throw Error(
          ExitCode::input,
          fmt::format("{} NaN or infinite elements among [{}, {}) (--nonfinite warn or allow merges them)",
                      bad, tile.first - tile.before, tile.first + tile.count + tile.after),
          {file_of(job.models, task, inputs[i]), task.name});
    }
  }
}

void measure_tile(Job& job, std::uint32_t task, const method::Tile& tile) {
  if (!job.geometry || tile.count == 0) return;
  const bool finite = job.geometry->take(task, tile);
  if (!finite && job.options.nonfinite == NonfinitePolicy::error) {
    refuse_nonfinite_inputs(job, job.plan.tasks[task], tile);
  }
}

void check_inputs_unchanged(comm::Communicator& world, const Job& job) {
  comm::agree_after(world, "inputs", [&] {
    const std::uint64_t column = job.plan.column_of(static_cast<std::uint64_t>(world.rank()));
    for (std::size_t m = 0; m < job.readers.size(); ++m) {
      if (job.plan.column_of_model[m] == column) job.readers[m].check_unchanged();
    }
  });
}

void report_nonfinite(const Job& job, const plan::TensorTask& task, const method::Tile& tile) {
  refuse_nonfinite_inputs(job, task, tile);
  throw Error(
      ExitCode::input,
      fmt::format(
          "the merged values among [{}, {}) overflow {} (--nonfinite warn or allow keeps the infinities)",
          tile.first, tile.first + tile.count, name(task.dtype)),
      {file_of(job.models, task, plan::all_inputs(task).front()), task.name});
}

}  // namespace stockpot::engine
