#include "soup/final_report.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "soup/probe_evaluator.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/stop_request.hpp"
#include "stockpot/probe/ensemble.hpp"

namespace stockpot::soup {
namespace {

Candidate soup_of(std::vector<std::uint64_t> ingredients) {
  return {.ingredients = std::move(ingredients), .parameters = {}};
}

}  // namespace

std::vector<ReportedModel> reported_models(const recipe::Evaluate& final, const Candidate& winner,
                                           std::uint64_t models) {
  std::vector<std::uint64_t> all(models);
  for (std::uint64_t model = 0; model < models; ++model) all[model] = model;
  std::vector<ReportedModel> reported;
  for (const recipe::Reported what : final.report) {
    switch (what) {
      case recipe::Reported::winner:
        reported.push_back({what, winner});
        break;
      case recipe::Reported::singles:
        for (const std::uint64_t model : all) reported.push_back({what, soup_of({model})});
        break;
      case recipe::Reported::uniform:
        reported.push_back({what, soup_of(all)});
        break;
      case recipe::Reported::ensemble:
        reported.push_back({what, winner.ingredients.empty() ? soup_of(all) : soup_of(winner.ingredients)});
        break;
    }
  }
  return reported;
}

Outcome evaluate_ensemble(comm::Communicator& world, const recipe::Evaluate& evaluate,
                          const std::vector<std::uint64_t>& ingredients, const Variants& variants,
                          engine::CandidateMaker& maker, const engine::RunOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::uint64_t> in_order = ingredients;
  std::sort(in_order.begin(), in_order.end());
  std::optional<ProbeData> data;
  std::optional<probe::LogitEnsemble> ensemble;
  comm::agree_after(world, "ensemble", [&] {
    if (!world.is_root()) return;
    data.emplace(evaluate);
    ensemble.emplace(data->batch());
  });
  for (const std::uint64_t model : in_order) {
    engine::check_stop_request(world, options);
    engine::Variant variant;
    comm::agree_after(world, "ensemble", [&] { variant = variants.of(soup_of({model})); });
    maker.form(variant);
    const probe::Parameters tensors = maker.tensors(0);
    comm::agree_after(world, "ensemble", [&] {
      if (world.is_root()) ensemble->add(*probe::find_probe(evaluate.probe)(tensors));
    });
  }
  Outcome outcome;
  comm::agree_after(world, "ensemble", [&] {
    if (world.is_root()) outcome = outcome_of(evaluate, ensemble->evaluate());
  });
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return outcome;
}

}  // namespace stockpot::soup
