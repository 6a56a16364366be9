#include "stockpot/plan/plan_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "stockpot/base/text.hpp"

namespace stockpot::plan {
namespace {

using nlohmann::json;

json traffic_json(const Traffic& traffic) {
  return {{"read", traffic.read_bytes},
          {"exchanged", traffic.exchanged_bytes},
          {"written", traffic.written_bytes},
          {"reduced", traffic.reduced_bytes}};
}

struct Totals {
  Traffic traffic;
  std::uint64_t peak_resident_bytes = 0;
};

Totals totals_of(const std::vector<RankForecast>& ranks) {
  Totals totals;
  for (const RankForecast& rank : ranks) {
    totals.traffic.read_bytes += rank.traffic.read_bytes;
    totals.traffic.exchanged_bytes += rank.traffic.exchanged_bytes;
    totals.traffic.written_bytes += rank.traffic.written_bytes;
    totals.traffic.reduced_bytes += rank.traffic.reduced_bytes;
    totals.peak_resident_bytes = std::max(totals.peak_resident_bytes, rank.peak_resident_bytes);
  }
  return totals;
}

/// Parameters of a tensor: values, or by model where they are per model.
json effective_json(const TensorTask& task, const ModelSet& models) {
  json values = json::object();
  for (const auto& [name, value] : task.values.shared) values[name] = value;
  for (const auto& [name, word] : task.values.words) values[name] = word;
  for (const auto& [name, list] : task.values.per_model) {
    json by_model = json::object();
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i]) by_model[models[task.inputs[i].model].name] = *list[i];
    }
    values[name] = by_model;
  }
  return values;
}

json sparsify_json(const recipe::Sparsify& sparsify) {
  const bool dare = sparsify.method == recipe::Sparsify::Method::dare;
  json values = {{"method", dare ? "dare" : "ties"}, {"density", sparsify.density}};
  if (dare) values["rescale"] = sparsify.rescale;
  return values;
}

json effective_json(const TensorTask& task, const MergePlan& plan, const ModelSet& models) {
  json values = effective_json(task, models);
  if (plan.settings.sparsify) values["sparsify"] = sparsify_json(*plan.settings.sparsify);
  return values;
}

json effective_json(const MergePlan& plan, const ModelSet& models) {
  json tensors = json::object();
  for (const TensorTask& task : plan.tasks) {
    if (task.kind == TaskKind::merge) tensors[task.label()] = effective_json(task, plan, models);
  }
  return tensors;
}

json candidate_json(const GridCandidate& candidate) {
  const Prediction& prediction = candidate.prediction;
  return {{"grid", {candidate.grid.rows, candidate.grid.columns}},
          {"order", candidate.order == RankOrder::block ? "block" : "cyclic"},
          {"seconds", prediction.seconds()},
          {"bound", name(prediction.bound)},
          {"busy_seconds",
           {{"storage", prediction.of(Resource::storage)},
            {"network", prediction.of(Resource::network)},
            {"disk", prediction.of(Resource::disk)},
            {"compute", prediction.of(Resource::compute)}}},
          {"exchanged", candidate.exchanged_bytes},
          {"copies", candidate.copies}};
}

json choice_json(const GridChoice& choice) {
  json document = candidate_json(choice.best);
  document["why"] = choice.why;
  document["placement"] = {{"srun", srun_option(choice.best.order)},
                           {"mpirun", mpirun_option(choice.best.order)}};
  document["tried"] = json::array();
  for (const GridCandidate& candidate : choice.tried) document["tried"].push_back(candidate_json(candidate));
  return document;
}

std::string dump(const json& document, int indent) {
  return document.dump(indent, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string report_json(const std::vector<recipe::Problem>& problems, const std::optional<MergePlan>& plan,
                        const ModelSet& models, bool effective, const std::optional<GridChoice>& choice) {
  json list = json::array();
  for (const recipe::Problem& problem : problems) {
    list.push_back({{"severity", problem.severity == recipe::Severity::error ? "error" : "warning"},
                    {"where", problem.where},
                    {"message", problem.message},
                    {"suggestion", problem.suggestion}});
  }
  json document = {{"problems", list}};
  if (plan) {
    const std::vector<RankForecast> ranks = forecast(*plan, models);
    json per_rank = json::array();
    for (std::size_t r = 0; r < ranks.size(); ++r) {
      per_rank.push_back({{"rank", r},
                          {"tensors", ranks[r].tensors},
                          {"bytes", traffic_json(ranks[r].traffic)},
                          {"peak_resident_bytes", ranks[r].peak_resident_bytes},
                          {"scratch_bytes", ranks[r].scratch_bytes}});
    }
    const Totals totals = totals_of(ranks);
    document["ranks"] = ranks.size();
    document["grid"] = {plan->grid.rows, plan->grid.columns};
    document["per_rank"] = per_rank;
    document["totals"] = {{"bytes", traffic_json(totals.traffic)},
                          {"peak_resident_bytes", totals.peak_resident_bytes}};
    document["imbalance"] = plan->imbalance;
    if (effective) document["effective"] = effective_json(*plan, models);
    if (choice) document["recommended"] = choice_json(*choice);
  }
  return dump(document, 2) + "\n";
}

std::string report_text(const MergePlan& plan, const ModelSet& models, bool effective) {
  constexpr std::size_t shown_ranks = 16;
  const std::vector<RankForecast> ranks = forecast(plan, models);
  const Totals totals = totals_of(ranks);
  const auto tensors = std::count_if(plan.tasks.begin(), plan.tasks.end(),
                                     [](const TensorTask& t) { return t.begins_tensor(); });
  std::string text = fmt::format("{} tensors, {} in {} files; {} ranks as {} x {}, imbalance {:.2f} %\n",
                                 tensors, format_size(plan.layout.tensor_bytes), plan.layout.files.size(),
                                 ranks.size(), plan.grid.rows, plan.grid.columns, 100.0 * plan.imbalance);
  text += fmt::format("total: read {}, exchange {}, write {}, reduce {}; at most {} of memory per rank\n",
                      format_size(totals.traffic.read_bytes), format_size(totals.traffic.exchanged_bytes),
                      format_size(totals.traffic.written_bytes), format_size(totals.traffic.reduced_bytes),
                      format_size(totals.peak_resident_bytes));
  if (plan.buffers.scratch_bytes > 0) {
    text += fmt::format(
        "factors of more than {} rows are kept in scratch files beside the output: at most {} per rank\n",
        plan.settings.largest_held_order, format_size(plan.buffers.scratch_bytes));
  }
  for (std::size_t r = 0; r < std::min(shown_ranks, ranks.size()); ++r) {
    text +=
        fmt::format("rank {:>5}: {:>6} tensors, read {:>12}, exchange {:>12}, write {:>12}, reduce {:>12}\n",
                    r, ranks[r].tensors, format_size(ranks[r].traffic.read_bytes),
                    format_size(ranks[r].traffic.exchanged_bytes),
                    format_size(ranks[r].traffic.written_bytes), format_size(ranks[r].traffic.reduced_bytes));
  }
  if (ranks.size() > shown_ranks)
    text += fmt::format("... {} more ranks (--json lists all)\n", ranks.size() - shown_ranks);
  if (effective) {
    for (const TensorTask& task : plan.tasks) {
      if (task.kind == TaskKind::merge)
        text += task.label() + ": " + dump(effective_json(task, plan, models), -1) + "\n";
    }
  }
  return text;
}

}  // namespace stockpot::plan
