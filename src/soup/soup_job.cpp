#include "stockpot/soup/soup_job.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "soup/director.hpp"
#include "soup/evaluation_desk.hpp"
#include "soup/final_report.hpp"
#include "soup/learned_run.hpp"
#include "soup/messages.hpp"
#include "soup/search_loop.hpp"
#include "soup/soup_gram.hpp"
#include "soup/trace_file.hpp"
#include "soup/variants.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/version.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/load_models.hpp"
#include "stockpot/engine/output_claim.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/journal.hpp"

namespace stockpot::soup {
namespace {

constexpr const char* logs_name = "evaluator_logs";

void check_recipe(const recipe::Recipe& recipe, const engine::RunOptions& options) {
  if (!recipe.search || !recipe.evaluate) {
    throw Error(ExitCode::usage,
                "stockpot soup needs `search:` and `evaluate:` in the recipe; stockpot merge does without");
  }
  if (options.plan.format == plan::OutputFormat::hdf5) {
    throw Error(ExitCode::usage, "a soup's output is a folder");
  }
}

/// Digest of everything that the search and its winner depend on.
Digest job_digest(const engine::LoadedRecipe& loaded, const engine::RunOptions& options) {
  Digester digester;
  const auto add = [&digester](std::string_view text) {
    digester.add(text);
    digester.add(std::string_view("\n"));
  };
  add(version());
  add(loaded.recipe.text);
  add(std::to_string(options.plan.seed));
  add(std::to_string(options.plan.shard_bytes));
  add(options.dtype ? name(*options.dtype) : "");
  for (const plan::Model& model : loaded.models) {
    add(model.name + "\n" + checkpoint::describe_content(model.checkpoint));
  }
  return digester.finish();
}

/// Rank 0. A finished output must be this recipe's.
void check_finished(const engine::RunOptions& options, const recipe::Recipe& recipe) {
  constexpr std::uint64_t largest_manifest_bytes = std::uint64_t{1} << 30;
  const std::filesystem::path path = options.output / io::manifest_name;
  const nlohmann::json manifest =
      nlohmann::json::parse(io::read_text(path, largest_manifest_bytes), nullptr, false);
  if (!manifest.is_object()) throw Error(ExitCode::verification, "is no manifest", {path.string(), ""});
  if (manifest.value("recipe_digest", "") == recipe.digest.hex()) return;
  throw Error(ExitCode::usage, "was made by another recipe; --overwrite starts over",
              {options.output.string(), ""});
}

/// Rank 0. An unfinished output of another search can't be continued; what a search stopped before its first
/// line left is this search's from now on.
void check_same_search(const std::filesystem::path& partial, const Digest& digest,
                       const engine::RunOptions& options) {
  const std::filesystem::path stamp = partial / io::journal_folder_name / "soup";
  const std::string mine = digest.hex() + "\n";
  if (std::filesystem::exists(stamp)) {
    if (io::read_text(stamp, 4096) == mine) return;
    throw Error(ExitCode::usage,
                "was begun with another recipe, other inputs or options; --overwrite starts over",
                {options.output.string(), ""});
  }
  if (std::filesystem::exists(partial / io::journal_folder_name / "job")) {
    throw Error(ExitCode::usage, "was begun by a merge, not by a soup; --overwrite starts over",
                {options.output.string(), ""});
  }
  std::filesystem::create_directories(stamp.parent_path());
  io::write_text(stamp, mine, options.durability == io::Durability::fsync);
}

class SoupRun {
 public:
  SoupRun(comm::Communicator& world, engine::LoadedRecipe loaded, const engine::RunOptions& options,
          const TraceSink& told)
      : world_(world),
        loaded_(std::move(loaded)),
        options_(options),
        told_(told),
        search_(*loaded_.recipe.search),
        evaluate_(*loaded_.recipe.evaluate) {}

  SoupSummary run() {
    comm::agree_after(world_, "soup", [&] { variants_.emplace(loaded_.recipe); });
    engine::OutputClaim claim = engine::claim_output(world_, options_);
    if (claim.state == io::FolderState::finished) {
      comm::agree_after(world_, "resume", [&] {
        if (world_.is_root()) check_finished(options_, loaded_.recipe);
      });
      summary_.merge.was_finished = true;
      return std::move(summary_);
    }
    claim.kept = {trace_name, logs_name, io::journal_folder_name};
    try {
      search(claim);
      summary_.merge = engine::run_merge_into(world_, winner(), options_, claim);
    } catch (const Error& error) {
      const bool resumable = error.code() != ExitCode::input && error.code() != ExitCode::usage;
      const bool is_worthless = claim.state == io::FolderState::fresh && !has_progress(claim);
      if (claim.folder && is_worthless && !resumable) claim.folder->discard();
      throw;
    }
    return std::move(summary_);
  }

 private:
  /// Rank 0. Something that another run need not do again.
  [[nodiscard]] bool has_progress(const engine::OutputClaim& claim) const {
    if (search_.strategy != recipe::Strategy::learned) return director_ && director_->best();
    std::error_code missing;
    const std::uintmax_t bytes = std::filesystem::file_size(claim.partial / trace_name, missing);
    return !missing && bytes > 0;
  }

  /// Collective.
  void search(const engine::OutputClaim& claim) {
    const auto begin = std::chrono::steady_clock::now();
    comm::agree_after(world_, "search", [&] {
      if (world_.is_root()) check_same_search(claim.partial, job_digest(loaded_, options_), options_);
    });
    if (search_.strategy == recipe::Strategy::learned) {
      learn(claim);
    } else {
      choose(claim);
    }
    summary_.search_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  /// Collective.
  void learn(const engine::OutputClaim& claim) {
    LearnedSoup soup = learn_soup(world_, loaded_, options_,
                                  {.trace = claim.partial / trace_name,
                                   .gradients = claim.partial / io::journal_folder_name / "gradients.jsonl",
                                   .logs = claim.partial / logs_name,
                                   .scratch = claim.partial});
    summary_.score = soup.score;
    summary_.evaluations = soup.entries;
    summary_.remembered = soup.remembered;
    summary_.held = soup.held;
    summary_.learned = std::move(soup.learned);
    learned_ = std::move(soup.winner);
  }

  /// Collective.
  void choose(const engine::OutputClaim& claim) {
    comm::agree_after(world_, "search", [&] {
      if (!world_.is_root()) return;
      trace_.emplace(claim.partial / trace_name, variants_->models());
      summary_.remembered = trace_->stored().size();
      director_.emplace(make_search(search_, evaluate_, variants_->models(), options_.plan.seed), *trace_,
                        told_);
    });
    if (needs_candidates()) {
      find_winner(claim);
    } else {
      share_winner();
      summary_.evaluations += final_lines();
    }
  }

  /// Collective. False where the trace of an earlier run has everything.
  [[nodiscard]] bool needs_candidates() {
    const std::string need = comm::from_root(world_, "search", [&] {
      const bool has_all =
          director_->is_over() && trace_->stored().size() == director_->entries() + final_lines();
      return std::string(has_all ? "none" : "some");
    });
    return need == "some";
  }

  /// Collective. The models are in memory from here to the winner.
  void find_winner(const engine::OutputClaim& claim) {
    engine::Variant widest;
    comm::agree_after(world_, "search", [&] { widest = variants_->widest(); });
    engine::CandidateMaker maker(world_, loaded_.models, widest, options_, claim.partial);
    if (search_.log_geometry) describe_soups(maker);
    {
      EvaluationDesk desk(world_, maker, evaluate_, "search", claim.partial / logs_name);
      run_search(world_, director_ ? &*director_ : nullptr, maker, *variants_, desk, options_);
    }
    share_winner();
    if (evaluate_.final) report(maker, claim);
    summary_.held = maker.counters();
  }

  /// Collective. What the trace says of soups comes from the inner products of the models alone.
  void describe_soups(engine::CandidateMaker& maker) {
    const auto gram = std::make_shared<const stats::GramMatrix>(measure_gram(world_, maker, *variants_));
    geometry_ = [gram](const Candidate& soup) {
      return geometry_of(*gram, soup.coefficients(gram->vectors()));
    };
    if (director_) director_->describe_soups(geometry_);
  }

  /// Collective.
  void share_winner() {
    const nlohmann::json found = nlohmann::json::parse(comm::from_root(world_, "winner", [&] {
      nlohmann::json text{
          {"winner", director_->winner()}, {"entries", director_->entries()}, {"score", nullptr}};
      if (director_->best()) text["score"] = *director_->best();
      trace_->sync();
      return text.dump();
    }));
    summary_.winner = found["winner"].get<Candidate>();
    summary_.evaluations = found["entries"].get<std::uint64_t>();
    if (!found["score"].is_null()) summary_.score = found["score"].get<double>();
  }

  /// Lines of the trace that `final` makes.
  [[nodiscard]] std::uint64_t final_lines() const {
    return evaluate_.final ? reported_models(*evaluate_.final, {}, variants_->models()).size() : 0;
  }

  /// Collective. Evaluations on data that have chosen nothing, as far as the trace hasn't got them.
  void report(engine::CandidateMaker& maker, const engine::OutputClaim& claim) {
    const recipe::Evaluate& final = *evaluate_.final;
    const std::uint64_t known = std::stoull(
        comm::from_root(world_, "final evaluation", [&] { return std::to_string(trace_->stored().size()); }));
    EvaluationDesk desk(world_, maker, final, "final", claim.partial / logs_name);
    for (const ReportedModel& model : reported_models(final, summary_.winner, variants_->models())) {
      const std::uint64_t number = summary_.evaluations++;
      if (number < known) continue;
      const std::vector<std::uint64_t>& ingredients = model.candidate.ingredients;
      const Outcome outcome =
          model.what == recipe::Reported::ensemble
              ? evaluate_ensemble(world_, final, ingredients, *variants_, maker, options_)
              : evaluate_once(world_, variants_->of(model.candidate), number, maker, desk, options_);
      comm::agree_after(world_, "final evaluation", [&] {
        if (world_.is_root()) write_final(model, number, outcome);
      });
    }
  }

  /// Rank 0.
  void write_final(const ReportedModel& model, std::uint64_t number, const Outcome& outcome) {
    TraceEntry entry = final_entry(*evaluate_.final, model.candidate, outcome, summary_.score);
    entry.number = number;
    entry.reported = model.what;
    if (geometry_ && model.what != recipe::Reported::ensemble) entry.geometry = geometry_(model.candidate);
    trace_->add(entry);
    trace_->sync();
    if (told_) told_(entry);
  }

  [[nodiscard]] engine::LoadedRecipe winner() const {
    engine::Variant variant = learned_ ? *learned_ : variants_->of(summary_.winner);
    plan::ModelSet models = plan::used_models(loaded_.models, variant.recipe);
    return {std::move(variant.recipe), std::move(variant.method), std::move(models)};
  }

  comm::Communicator& world_;
  engine::LoadedRecipe loaded_;
  const engine::RunOptions& options_;
  const TraceSink& told_;
  const recipe::Search& search_;
  const recipe::Evaluate& evaluate_;
  std::optional<Variants> variants_;
  std::optional<TraceFile> trace_;                          ///< rank 0's
  std::optional<Director> director_;                        ///< likewise
  std::function<SoupGeometry(const Candidate&)> geometry_;  ///< of soups, where it is asked for
  std::optional<engine::Variant> learned_;
  SoupSummary summary_;
};

}  // namespace

SoupSummary run_soup(comm::Communicator& world, const std::filesystem::path& recipe,
                     const engine::RunOptions& options, const TraceSink& told) {
  recipe::Recipe parsed = engine::load_recipe(world, recipe, options.lenient, options.warn);
  comm::agree_after(world, "recipe", [&] { check_recipe(parsed, options); });
  return SoupRun(world, engine::load_models(world, std::move(parsed), options.plan.grid, options.warn),
                 options, told)
      .run();
}

}  // namespace stockpot::soup
