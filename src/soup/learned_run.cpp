#include "soup/learned_run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "soup/learned_recipe.hpp"
#include "soup/learned_trace.hpp"
#include "soup/learner.hpp"
#include "soup/probe_evaluator.hpp"
#include "soup/search_loop.hpp"
#include "stockpot/base/digest.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/stop_request.hpp"
#include "stockpot/soup/search.hpp"
#include "stockpot/soup/trace.hpp"

namespace stockpot::soup {
namespace {

/// Of the examples, as they are in memory.
Digest digest_of(const probe::Batch& data) {
  Digester digester;
  digester.add(std::as_bytes(data.inputs));
  digester.add(std::as_bytes(data.labels));
  return digester.finish();
}

/// Collective. Every model's tensors on every rank, as stored.
std::vector<probe::Parameters> gather_models(comm::Communicator& world, const engine::LoadedRecipe& loaded,
                                             const LearnedRecipe& recipe, engine::RunOptions options,
                                             const std::filesystem::path& scratch) {
  options.dtype = DType::f64;
  engine::CandidateMaker maker(world, loaded.models, recipe.of_model(0), options, scratch);
  std::vector<probe::Parameters> models;
  for (std::size_t model = 0; model < recipe.models(); ++model) {
    maker.form(recipe.of_model(model));
    for (int home = 0; home < world.size(); ++home) {
      probe::Parameters tensors = maker.tensors(home);
      if (home == world.rank()) models.push_back(std::move(tensors));
    }
  }
  return models;
}

class LearnedRun {
 public:
  LearnedRun(comm::Communicator& world, const engine::LoadedRecipe& loaded, const engine::RunOptions& options,
             const LearnedFiles& files)
      : world_(world),
        loaded_(loaded),
        options_(options),
        files_(files),
        search_(*loaded.recipe.search),
        evaluate_(*loaded.recipe.evaluate) {}

  LearnedSoup run() {
    comm::agree_after(world_, "learned soup", [&] {
      recipe_.emplace(loaded_, options_.dtype);
      groups_ = group_tensors(recipe_->tensors(), search_.scope);
      data_.emplace(evaluate_);
      if (data_->batch().examples == 0) {
        throw Error(ExitCode::input, "no examples to learn from", {evaluate_.data, ""});
      }
      if (world_.is_root()) trace_.emplace(files_.trace, files_.gradients, digest_of(data_->batch()));
    });
    const Learner learned = learn();
    const LearnedParameters parameters = learned.parameters();
    const std::vector<double> coefficients = softmax_rows(parameters.alpha, recipe_->models());
    soup_.entries = learned.step() + 1;
    soup_.winner = recipe_->with(table_of(coefficients));
    soup_.learned.beta = parameters.beta;
    for (std::size_t group = 0; group < groups_.names.size(); ++group) {
      soup_.learned.coefficients[groups_.names[group]] = row_of(coefficients, group);
    }
    evaluate();
    soup_.remembered = world_.all_reduce<std::uint64_t>(trace_ ? trace_->remembered() : 0,
                                                        comm::ReduceOp::max, "learned soup");
    return std::move(soup_);
  }

 private:
  [[nodiscard]] Learner learn() {
    Learner learner(search_, options_.plan.seed, groups_.names.size(), recipe_->models(),
                    data_->batch().examples);
    const std::string known = comm::from_root(world_, "learned soup", [&] { return trace_->gradients(); });
    comm::agree_after(world_, "learned soup", [&] {
      std::istringstream lines(known);
      for (std::string line; !learner.is_over() && std::getline(lines, line);) {
        take(learner, gradient_of(line, groups_.names.size() * recipe_->models(), files_.gradients.string()),
             0.0);
      }
    });
    if (learner.is_over()) return learner;
    engine::RunOptions options = options_;
    comm::agree_after(world_, "learned soup", [&] { take_from(options.plan.memory_bytes); });
    const Mixture mixture(gather_models(world_, loaded_, *recipe_, options, files_.scratch), groups_);
    const probe::ProbeOpener open = probe::find_probe(evaluate_.probe);
    while (!learner.is_over()) {
      engine::check_stop_request(world_, options_);
      const auto begin = std::chrono::steady_clock::now();
      const LearnedGradient gradient =
          learned_gradient(world_, mixture, open, data_->batch(), learner.batch(), learner.parameters());
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      comm::agree_after(world_, "learned soup", [&] {
        if (trace_) trace_->add_gradient(gradient);
        take(learner, gradient, seconds.count());
      });
    }
    return learner;
  }

  /// Takes what learning holds off a memory limit. Throws Error{usage} if nothing is left.
  void take_from(std::optional<std::uint64_t>& limit_bytes) const {
    if (!limit_bytes) return;
    const probe::Batch data = data_->batch();
    // The models, and three times as much as one: the soup, the probe's own copy, the gradient.
    const std::uint64_t doubles =
        (recipe_->models() + 3) * recipe_->elements() + data.inputs.size() + data.labels.size();
    const std::uint64_t held_bytes = doubles * sizeof(double);
    if (held_bytes >= *limit_bytes) {
      throw Error(ExitCode::usage,
                  fmt::format("--memory {} is too small for a learned soup: every rank holds "
                              "all models in double, {}",
                              format_size(*limit_bytes), format_size(held_bytes)));
    }
    *limit_bytes -= held_bytes;
  }

  /// Local.
  void take(Learner& learner, const LearnedGradient& gradient, double seconds) {
    if (trace_) {
      trace_->add(learner.step(), learn_line(learner.step(), groups_, learner.parameters(), gradient,
                                             search_.log_gradients, seconds));
    }
    learner.take(gradient);
  }

  [[nodiscard]] method::CoefficientTable table_of(const std::vector<double>& coefficients) const {
    method::CoefficientTable table;
    for (const auto& [tensor, group] : groups_.of_tensor) table[tensor] = row_of(coefficients, group);
    return table;
  }
  [[nodiscard]] std::vector<double> row_of(const std::vector<double>& coefficients, std::size_t group) const {
    const auto models = static_cast<std::ptrdiff_t>(recipe_->models());
    const auto first = coefficients.begin() + static_cast<std::ptrdiff_t>(group) * models;
    return {first, first + models};
  }

  /// Collective. The last line of the trace; nothing is evaluated if it is there.
  void evaluate() {
    const std::uint64_t number = soup_.entries - 1;
    const std::string known = comm::from_root(world_, "evaluation", [&] {
      const auto line = trace_->line(number);
      return line ? line->value("best", nlohmann::ordered_json()).dump() : std::string();
    });
    if (!known.empty()) {
      comm::agree_after(world_, "evaluation", [&] { soup_.score = stored_score(known); });
      return;
    }
    engine::CandidateMaker maker(world_, loaded_.models, soup_.winner, options_, files_.scratch);
    TraceEntry entry = evaluated(maker, evaluate_, "search", std::nullopt);
    if (!entry.score) throw Error(ExitCode::input, "the learned soup has no usable score: " + entry.reason);
    soup_.score = *entry.score;
    entry.best = soup_.score;
    if (evaluate_.final) entry = evaluated(maker, *evaluate_.final, "final", soup_.score);
    soup_.held = maker.counters();
    comm::agree_after(world_, "evaluation", [&] {
      if (!trace_) return;
      trace_->add(number, final_line(entry, soup_.learned));
      trace_->sync();
    });
  }

  [[nodiscard]] double stored_score(const std::string& text) const {
    const auto score = nlohmann::json::parse(text);
    if (score.is_number()) return score.get<double>();
    throw Error(ExitCode::input, "the last line is not that of a learned soup", {files_.trace.string(), ""});
  }

  /// Collective.
  TraceEntry evaluated(engine::CandidateMaker& maker, const recipe::Evaluate& how, const std::string& split,
                       std::optional<double> best) {
    EvaluationDesk desk(world_, maker, how, split, files_.logs);
    const Outcome outcome = evaluate_once(world_, soup_.winner, soup_.entries - 1, maker, desk, options_);
    TraceEntry entry;
    comm::agree_after(world_, "evaluation", [&] { entry = final_entry(how, {}, outcome, best); });
    entry.number = soup_.entries - 1;
    return entry;
  }

  comm::Communicator& world_;
  const engine::LoadedRecipe& loaded_;
  const engine::RunOptions& options_;
  const LearnedFiles& files_;
  const recipe::Search& search_;
  const recipe::Evaluate& evaluate_;
  std::optional<LearnedRecipe> recipe_;
  CoefficientGroups groups_;
  std::optional<ProbeData> data_;
  std::optional<LearnedTrace> trace_;  ///< rank 0's
  LearnedSoup soup_;
};

}  // namespace

LearnedSoup learn_soup(comm::Communicator& world, const engine::LoadedRecipe& loaded,
                       const engine::RunOptions& options, const LearnedFiles& files) {
  return LearnedRun(world, loaded, options, files).run();
}

}  // namespace stockpot::soup
