#include "engine/geometry_output.hpp"

#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {

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
  });
  comm::agree_after(world_, "statistics file", [&] {
    if (world_.is_root()) file_->commit(job_.options.durability == io::Durability::fsync);
  });
}

}  // namespace stockpot::engine
