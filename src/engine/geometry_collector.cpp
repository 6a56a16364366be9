#include "engine/geometry_collector.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/ordered_reduction.hpp"
#include "stockpot/kernel/geometry.hpp"
#include "stockpot/stats/geometry_sums.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::engine {
namespace {

std::uint64_t leaf_count(std::uint64_t elements) {
  return (elements + leaf_elements - 1) / leaf_elements;
}

/// The measured inputs of a tile from its first element on, the base model last.
std::vector<kernel::TypedInput> measured_inputs(const plan::MeasuredTask& measured,
                                                const method::Tile& tile) {
  std::vector<std::uint32_t> positions = measured.models;
  if (measured.base) positions.push_back(*measured.base);
  std::vector<kernel::TypedInput> inputs;
  for (const std::uint32_t position : positions) {
    const bool is_anchor = position >= tile.inputs.size();
    inputs.push_back(skip(is_anchor ? tile.anchor : tile.inputs[position], tile.before));
  }
  return inputs;
}

io::GeometryItem item_of(std::string kind, std::string name, const stats::GeometryTotal& total) {
  stats::Geometry geometry = stats::geometry_of(total);
  const std::uint64_t models = geometry.norm.size();
  io::GeometryItem item{std::move(kind), std::move(name), geometry.elements, {}};
  const auto add = [&item](const char* key, Shape shape, std::vector<double> values) {
    item.numbers.push_back({key, std::move(shape), std::move(values)});
  };
  add("norm", {models}, std::move(geometry.norm));
  add("sparsity", {models}, std::move(geometry.sparsity));
  add("distance_to_center", {models}, std::move(geometry.distance_to_center));
  if (!geometry.base) return item;
  stats::Geometry::AroundBase& base = *geometry.base;
  add("base_norm", {}, {base.norm});
  add("base_distance_to_center", {}, {base.distance_to_center});
  add("task_norm", {models}, std::move(base.task_norm));
  add("gram", {models, models}, std::move(base.gram));
  add("cosine", {models, models}, std::move(base.cosine));
  add("angle", {models, models}, std::move(base.angle));
  add("sign_conflict", {}, {base.sign_conflict});
  return item;
}

/// Rank 0's sink, whose failure waits until all ranks can hear of it.
class CarefulSink {
 public:
  explicit CarefulSink(const GeometrySink& sink) : sink_(sink) {}
  void give(std::string kind, std::string name, const stats::GeometryTotal& total) {
    if (failure_) return;
    try {
      sink_(item_of(std::move(kind), std::move(name), total));
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  [[nodiscard]] std::exception_ptr failure() const { return failure_; }

 private:
  const GeometrySink& sink_;
  std::exception_ptr failure_;
};

}  // namespace

GeometryCollector::GeometryCollector(plan::GeometryPlan plan)
    : plan_(std::move(plan)), sums_(plan_.tensors.size()) {}

bool GeometryCollector::take(std::uint32_t task, const method::Tile& tile) {
  const auto& measured = plan_.task[task];
  if (!measured) return true;
  const std::uint64_t elements = plan_.tensors[measured->tensor].elements;
  std::vector<kernel::TypedInput> inputs = measured_inputs(*measured, tile);
  bool finite = true;
  const std::uint64_t end = tile.first + tile.count;
  for (std::uint64_t first = tile.first; first < end;) {
    const std::uint64_t leaf = first / leaf_elements;
    const std::uint64_t leaf_begin = leaf * leaf_elements;
    const std::uint64_t leaf_size = std::min(leaf_elements, elements - leaf_begin);
    const std::uint64_t count = std::min(leaf_begin + leaf_size, end) - first;
    if (count == leaf_size) {
      finite = add_leaf(measured->tensor, leaf, inputs, count) && finite;
    } else if (const auto whole =
                   fragments_.add(measured->tensor, leaf, leaf_size, inputs, first - leaf_begin, count)) {
      std::vector<kernel::TypedInput> joined = inputs;
      for (std::size_t i = 0; i < joined.size(); ++i) joined[i].data = (*whole)[i].data();
      finite = add_leaf(measured->tensor, leaf, joined, leaf_size) && finite;
    }
    for (kernel::TypedInput& input : inputs) input = skip(input, count);
    first += count;
  }
  return finite;
}

bool GeometryCollector::add_leaf(std::uint32_t tensor, std::uint64_t leaf,
                                 std::span<const kernel::TypedInput> inputs, std::uint64_t count) {
  const stats::GeometryLayout layout = plan_.layout();
  const kernel::TypedInput base = layout.has_base() ? inputs.back() : kernel::TypedInput{};
  std::vector<double> sums(layout.width());
  kernel::geometry(inputs.first(layout.models()), base, count, sums);
  bool finite = !layout.has_base() || std::isfinite(sums[layout.base_squared_norm()]);
  for (std::size_t i = 0; i < layout.models(); ++i) {
    finite = finite && std::isfinite(sums[layout.squared_norm(i)]);
  }
  const std::lock_guard lock(mutex_);
  auto& held = sums_[tensor];
  if (!held) held.emplace(leaf_count(plan_.tensors[tensor].elements), layout.width());
  held->add(leaf, sums);
  return finite;
}

LeafSums GeometryCollector::sums_of(std::size_t tensor) const {
  if (sums_[tensor]) return *sums_[tensor];
  return {leaf_count(plan_.tensors[tensor].elements), plan_.layout().width()};
}

void GeometryCollector::report(comm::Communicator& world, const GeometrySink& sink) const {
  const stats::GeometryLayout layout = plan_.layout();
  std::map<std::string, stats::GeometryTotal> layers;
  stats::GeometryTotal model(layout);
  CarefulSink careful(sink);
  for (std::size_t t = 0; t < plan_.tensors.size(); ++t) {
    const plan::MeasuredTensor& tensor = plan_.tensors[t];
    std::vector<double> sums = comm::reduce_leaves(world, sums_of(t), "geometry of " + tensor.name);
    if (!world.is_root()) continue;
    const stats::GeometryTotal total(layout, tensor.elements, std::move(sums));
    careful.give("tensor", tensor.name, total);
    layers.try_emplace(layer_of(tensor.name), layout).first->second.add(total);
    model.add(total);
  }
  if (world.is_root()) {
    for (const auto& [name, total] : layers) careful.give("layer", name, total);
    careful.give("model", "all", model);
  }
  comm::agree(world, careful.failure(), "geometry");
}

}  // namespace stockpot::engine
