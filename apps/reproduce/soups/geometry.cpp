#include "soups/geometry.hpp"

#include <span>
#include <stdexcept>

#include "merging.hpp"
#include "stockpot/engine/geometry_job.hpp"

namespace stockpot::reproduce {
namespace {

void fill(std::vector<double>& expected, const std::vector<double>& measured) {
  if (measured.size() != expected.size())
    throw std::logic_error("geometry of other models than were asked for");
  expected = measured;
}

}  // namespace

TaskGeometry measure_task_geometry(comm::Communicator& world, std::uint64_t seed, const Paths& models,
                                   const std::filesystem::path& base, const std::string& kind,
                                   const std::string& item, const std::filesystem::path& out) {
  engine::RunOptions options = job_options(world, seed, {});
  options.statistics = out;
  TaskGeometry geometry{.norm = std::vector<double>(models.size()),
                        .angle = std::vector<double>(models.size() * models.size())};
  const auto take = [&](const io::GeometryItem& measured) {
    if (measured.kind != kind || measured.name != item) return;
    for (const io::NamedNumbers& numbers : measured.numbers) {
      if (numbers.name == "task_norm") fill(geometry.norm, numbers.values);
      if (numbers.name == "angle") fill(geometry.angle, numbers.values);
    }
  };
  engine::measure_geometry(world, place_recipe(world, stock_recipe(models, base), out), options, take);
  // Rank 0 was told; the others have zeros.
  world.all_reduce(std::span<double>(geometry.norm), comm::ReduceOp::sum, "norms");
  world.all_reduce(std::span<double>(geometry.angle), comm::ReduceOp::sum, "angles");
  return geometry;
}

std::vector<double> pair_angles(const TaskGeometry& geometry) {
  const std::size_t models = geometry.norm.size();
  std::vector<double> angles;
  for (std::size_t i = 0; i < models; ++i) {
    for (std::size_t j = i + 1; j < models; ++j) angles.push_back(geometry.angle[i * models + j]);
  }
  return angles;
}

}  // namespace stockpot::reproduce
