#include "engine/geometry_output.hpp"

#include <algorithm>
#include <cmath>

#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {
namespace {

bool is_finite(const io::GeometryItem& item) {
  const std::vector<double>& norms = item.numbers.front().values;
  return std::all_of(norms.begin(), norms.end(), [](double norm) { return std::isfinite(norm); });
}

}  // namespace

GeometryOutput::GeometryOutput(comm::Communicator& world, const Job& job) : world_(world), job_(job) {
  models_ = {job.geometry->plan().models, job.geometry->plan().base_model};
  comm::agree_after(world, "statistics file", [&] {
    if (world.is_root()) file_.emplace(job.options.statistics, models_);
  });
}

void GeometryOutput::finish(const GeometrySink& also) {
  job_.geometry->report(world_, [&](const io::GeometryItem& item) {
    file_->add(item);
    if (also) also(item);
    const bool tells = job_.options.nonfinite == NonfinitePolicy::warn && job_.options.warn;
    if (tells && item.kind == "model" && !is_finite(item)) {
      job_.options.warn("models hold NaN or infinite elements, which their geometry shows");
    }
  });
  comm::agree_after(world_, "statistics file", [&] {
    if (world_.is_root()) file_->commit(job_.options.durability == io::Durability::fsync);
  });
}

}  // namespace stockpot::engine
