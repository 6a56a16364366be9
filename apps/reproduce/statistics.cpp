#include "statistics.hpp"

#include "flops.hpp"
#include "recipe_text.hpp"
#include "stockpot/engine/statistics_job.hpp"

namespace stockpot::reproduce {

Cost collect_statistics(comm::Communicator& world, const SeedCase& seed,
                        const std::vector<std::size_t>& cells, Statistic statistic) {
  Cost total;
  for (const std::size_t cell : cells) {
    engine::StatisticsJob job;
    job.what = statistic == Statistic::fisher ? engine::Collected::fisher : engine::Collected::gram;
    job.probe =
        engine::ProbeSource{.backend = "mlp",
                            .data = seed.data(cell),
                            .labels = {.mode = statistic == Statistic::fisher ? probe::LabelMode::exact
                                                                              : probe::LabelMode::empirical,
                                       .seed = seed.seed}};
    job.model = seed.model(cell).string();
    job.output = statistics_path(seed, cell, statistic);
    engine::RunOptions options;
    options.existing = io::ExistingOutput::overwrite;
    options.durability = io::Durability::none;
    options.warn = [](const std::string&) {};
    Cost cost = measure(world, [&] { engine::collect_statistics(world, job, options); });
    cost.flops = statistics_flops(statistic, seed.examples(cell, Split::training).labels.size());
    total += cost;
  }
  return total;
}

}  // namespace stockpot::reproduce
