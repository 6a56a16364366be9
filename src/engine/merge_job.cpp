#include "stockpot/engine/merge_job.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/content_digests.hpp"
#include "engine/geometry_output.hpp"
#include "engine/grid_pass.hpp"
#include "engine/job.hpp"
#include "engine/lane_pass.hpp"
#include "engine/manifest.hpp"
#include "engine/model_folder.hpp"
#include "engine/output_files.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/output_claim.hpp"
#include "stockpot/engine/stop_request.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/plan/geometry_plan.hpp"
#include "stockpot/plan/resolve.hpp"

namespace stockpot::engine {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

bool is_file_output(const RunOptions& options) {
  return options.plan.format == plan::OutputFormat::hdf5;
}

/// Collective. Files with headers and final sizes; where HDF5 puts each tensor becomes known to every rank.
void create_files(comm::Communicator& world, plan::MergePlan& plan, const std::filesystem::path& partial) {
  comm::agree_after(world, "output files", [&] {
    if (world.is_root()) create_output_files(partial, plan.layout, plan.tasks);
  });
  if (plan.layout.format != plan::OutputFormat::hdf5) return;
  std::vector<std::uint64_t> offsets;
  for (const plan::TensorTask& task : plan.tasks) offsets.push_back(task.offset);
  world.broadcast(std::span(offsets), 0, "offsets of the datasets");
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) plan.tasks[t].offset = offsets[t];
}

/// Collective. Opens this rank's journal and reads those of earlier runs.
void open_journals(comm::Communicator& world, Job& job, const OutputClaim& claim, const Digest& digest) {
  const std::string run = comm::from_root(world, "journal", [] {
    return std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  });
  comm::agree_after(world, "journal", [&] {
    if (claim.state == io::FolderState::partial) job.earlier = io::read_journals(claim.partial, digest);
    job.journal.emplace(claim.partial, digest, world.rank(), run);
  });
}

/// Collective. Data is on disk and inputs are what they were when the job began.
void settle(comm::Communicator& world, Job& job) {
  check_inputs_unchanged(world, job);
  comm::agree_after(world, "commit", [&] {
    if (job.options.durability == io::Durability::fsync) job.output->sync();
  });
}

/// Removes from a partial folder what a run that was cut short left there, `kept` names and locks aside.
void discard_leftovers(const std::filesystem::path& partial, const std::set<std::string>& kept) {
  for (const auto& entry : std::filesystem::directory_iterator(partial)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with("lock") && !kept.contains(file)) std::filesystem::remove_all(entry.path());
  }
}

/// What a continued job needs of the earlier run: its data, its journals, and what the caller keeps there.
/// The rest is written anew.
std::set<std::string> continued_files(const plan::OutputLayout& layout, const OutputClaim& claim) {
  std::set<std::string> names = claim.kept;
  names.insert(io::journal_folder_name);
  for (const plan::OutputFile& file : layout.files) names.insert(file.name);
  return names;
}

/// Collective. An earlier run with another recipe, other inputs or options can't be continued.
void check_same_job(comm::Communicator& world, const OutputClaim& claim, const plan::MergePlan& plan,
                    const Digest& digest, const RunOptions& options) {
  comm::agree_after(world, "resume", [&] {
    if (!world.is_root()) return;
    // Beside the journals, so that it goes with them when the output is published.
    const std::filesystem::path stamp = claim.partial / io::journal_folder_name / "job";
    const std::string mine = digest.hex() + "\n";
    if (std::filesystem::exists(stamp)) {
      if (io::read_text(stamp, 4096) != mine) {
        throw Error(ExitCode::usage,
                    "was begun with another recipe, other inputs or options; --overwrite starts over",
                    {options.output.string(), ""});
      }
      return discard_leftovers(claim.partial, continued_files(plan.layout, claim));
    }
    // Without the stamp of a job nothing tells whose files these are.
    discard_leftovers(claim.partial, claim.kept);
    std::filesystem::create_directories(stamp.parent_path());
    io::write_text(stamp, mine, options.durability == io::Durability::fsync);
  });
}

/// Refuses to measure in a merge what would make it another merge: rows of a base model that the method has
/// no use for would be rows of the output.
void check_measurable(const LoadedRecipe& loaded) {
  const bool pads = loaded.recipe.vocabulary != recipe::VocabularyPolicy::error;
  if (!pads || !loaded.recipe.base_model || loaded.method->schema().has_anchor()) return;
  throw Error(ExitCode::usage,
              "--statistics: " + loaded.recipe.method +
                  " does not read the base_model beside which `vocabulary:` stands; stats geometry does");
}

class MergeRun {
 public:
  MergeRun(comm::Communicator& world, LoadedRecipe loaded, const RunOptions& options)
      : world_(world), loaded_(std::move(loaded)), options_(options), begin_(Clock::now()) {}

  MergeSummary run() {
    make_plan();
    OutputClaim claim = claim_output(world_, options_);
    return run(claim);
  }

  MergeSummary run_into(OutputClaim& claim) {
    make_plan();
    return run(claim);
  }

 private:
  /// Collective.
  void make_plan() {
    if (!options_.statistics.empty() && options_.existing == io::ExistingOutput::resume) {
      // What an earlier run has merged is not read again, and its sums are not journaled.
      throw Error(
          ExitCode::usage,
          "--resume and --statistics exclude each other; stats geometry measures in a pass of its own");
    }
    comm::agree_after(world_, "plan", [&] {
      const bool measures = !options_.statistics.empty();
      if (measures) check_measurable(loaded_);
      plan::ResolvedMerge resolved =
          plan::resolve(loaded_.recipe, *loaded_.method, loaded_.models, options_.dtype,
                        measures ? plan::BaseReading::always : plan::BaseReading::as_needed);
      raise_problems(resolved.problems, resolved.code, "the models don't fit together",
                     world_.is_root() ? options_.warn : WarningSink{});
      plan::PlanOptions how = options_.plan;
      if (measures) {
        geometry_ = plan::plan_geometry(loaded_.recipe, resolved.tasks, loaded_.models);
        how.statistics_bytes = plan::geometry_bytes(*geometry_, how.threads);
        how.exchange = plan::Exchange::tiles;  // running sums tell nothing of each model
      }
      plan_ = plan::make_plan(loaded_.recipe, *loaded_.method, std::move(resolved), loaded_.models, how);
      job_digest_ = plan::job_digest(loaded_.recipe, plan_, loaded_.models);
    });
  }

  /// Collective. @pre make_plan
  MergeSummary run(OutputClaim& claim) {
    MergeSummary summary;
    if (claim.state == io::FolderState::finished) {
      check_finished_job();
      summary.was_finished = true;
      return summary;
    }
    try {
      check_same_job(world_, claim, plan_, job_digest_, options_);
      create_files(world_, plan_, claim.partial);
      Job job(plan_, loaded_.models, *loaded_.method, options_,
              std::make_shared<OutputFiles>(claim.partial, plan_.layout), claim.partial);
      open_journals(world_, job, claim, job_digest_);
      std::optional<GeometryOutput> geometry;
      if (geometry_) {
        job.geometry = std::make_unique<GeometryCollector>(std::move(*geometry_));
        geometry.emplace(world_, job);
      }
      summary.resumed = !job.earlier.empty();
      const bool one_column = plan_.grid.columns == 1;
      const PassEnd end = one_column ? run_lane_pass(world_, job) : run_grid_pass(world_, job);
      if (end == PassEnd::stopped) stop(job);
      settle(world_, job);
      const ContentDigests digests = gather_digests(world_, job);
      if (geometry) geometry->finish({});
      publish(job, digests, claim, summary);
    } catch (const Error& error) {
      // What a later run can't continue anyway is not left behind.
      const bool resumable = error.code() != ExitCode::input && error.code() != ExitCode::usage;
      const bool is_ours = claim.state == io::FolderState::fresh && claim.kept.empty();
      if (claim.folder && is_ours && !resumable) claim.folder->discard();
      throw;
    }
    summary.seconds = seconds_since(begin_);
    return summary;
  }

  /// Collective. A finished output must be what this job would make.
  void check_finished_job() {
    if (is_file_output(options_)) return;
    comm::agree_after(world_, "resume", [&] {
      if (world_.is_root()) check_manifest(options_.output / io::manifest_name, loaded_.recipe, plan_);
    });
  }

  /// Collective. Everything done so far can be continued.
  [[noreturn]] void stop(Job& job) {
    comm::agree_after(world_, "stop", [&] {
      if (options_.durability == io::Durability::fsync) job.output->sync();
      job.journal->sync();
    });
    raise_stopped(options_);
  }

  /// Collective. Manifest, run file and the rest of the folder; then the one rename.
  void publish(Job& job, const ContentDigests& digests, OutputClaim& claim, MergeSummary& summary) {
    const std::string diagnostics = gather_diagnostics(world_, job);
    const std::vector<RankReport> ranks = gather_reports(world_, job);
    for (const RankReport& rank : ranks) {
      summary.read_bytes += rank.read_bytes;
      summary.nonfinite += static_cast<std::uint64_t>(rank.nonfinite);
    }
    for (const plan::TensorTask& task : plan_.tasks) summary.tensors += task.begins_tensor() ? 1U : 0U;
    summary.tensor_bytes = plan_.layout.tensor_bytes;
    const bool durable = options_.durability == io::Durability::fsync;
    comm::agree_after(world_, "companion files", [&] {
      if (!is_file_output(options_)) {
        write_companions(claim.partial, read_companions(loaded_.recipe, plan_, loaded_.models, world_.rank()),
                         durable);
      }
    });
    comm::agree_after(world_, "publish", [&] {
      if (!world_.is_root()) return;
      claim.folder->check_still_held();
      if (is_file_output(options_)) {
        claim.folder->publish_file(plan_.layout.files.front().name);
        return;
      }
      write_checkpoint_files(claim.partial, plan_, loaded_.models, durable);
      write_card(claim.partial, loaded_.recipe, loaded_.models, durable);
      io::write_text(claim.partial / "stockpot_run.json",
                     run_text(job, ranks, seconds_since(begin_), summary.resumed), durable);
      io::write_text(claim.partial / io::manifest_name,
                     manifest_text(loaded_.recipe, job, digests, diagnostics), durable);
      claim.folder->publish();
    });
  }

  comm::Communicator& world_;
  LoadedRecipe loaded_;
  const RunOptions& options_;
  Clock::time_point begin_;
  plan::MergePlan plan_;
  std::optional<plan::GeometryPlan> geometry_;
  Digest job_digest_;
};

}  // namespace

MergeSummary run_merge(comm::Communicator& world, LoadedRecipe loaded, const RunOptions& options) {
  return MergeRun(world, std::move(loaded), options).run();
}

MergeSummary run_merge_into(comm::Communicator& world, LoadedRecipe loaded, const RunOptions& options,
                            OutputClaim& claim) {
  return MergeRun(world, std::move(loaded), options).run_into(claim);
}

MergeSummary merge_recipe(comm::Communicator& world, const std::filesystem::path& recipe,
                          const RunOptions& options) {
  recipe::Recipe loaded = load_recipe(world, recipe, options.lenient, options.warn);
  method::require_mergeable(loaded, recipe.string());
  return run_merge(world, load_models(world, std::move(loaded), options.plan.grid, options.warn), options);
}

MergeSummary convert(comm::Communicator& world, const std::filesystem::path& input,
                     const RunOptions& options) {
  recipe::ModelEntry entry;
  entry.reference.text = input.string();
  entry.reference.path = input.string();
  entry.name = input.string();
  recipe::Recipe recipe;
  // JSON's quotes are YAML's too, so any path makes a valid recipe.
  const std::string quoted_path =
      nlohmann::json(input.string()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  recipe.text = "merge_method: passthrough\nmodels:\n  - model: " + quoted_path + "\n";
  recipe.digest = digest_of(recipe.text);
  recipe.method = "passthrough";
  recipe.modules.emplace_back();
  recipe.modules.front().models.push_back(std::move(entry));
  return run_merge(world, load_models(world, std::move(recipe), options.plan.grid, options.warn), options);
}

}  // namespace stockpot::engine
