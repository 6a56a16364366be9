#include "merging.hpp"

#include <nlohmann/json.hpp>

#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/merge_job.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::reproduce {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump();
}

engine::RunOptions job_options(const comm::Communicator& world, std::uint64_t seed,
                               const std::filesystem::path& out) {
  engine::RunOptions options;
  options.output = out;
  options.existing = io::ExistingOutput::overwrite;
  options.durability = io::Durability::none;
  options.plan.grid = {static_cast<std::uint64_t>(world.size()), 1};
  options.plan.seed = seed;
  options.warn = [](const std::string&) {};
  return options;
}

std::filesystem::path place_recipe(comm::Communicator& world, const std::string& recipe,
                                   const std::filesystem::path& out) {
  std::filesystem::path path = out.string() + ".yml";
  comm::agree_after(world, "recipe of a merge", [&] {
    if (!world.is_root()) return;
    std::filesystem::create_directories(path.parent_path());
    io::write_text(path, recipe, false);
  });
  return path;
}

void merge(comm::Communicator& world, std::uint64_t seed, const std::string& recipe,
           const std::filesystem::path& out) {
  engine::merge_recipe(world, place_recipe(world, recipe, out), job_options(world, seed, out));
}

}  // namespace stockpot::reproduce
