#include "engine/probe_rows.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "stockpot/tensor/shape.hpp"

namespace stockpot::engine {
namespace {

void append_rows(std::span<const double> rows, std::size_t width, std::span<const double> weights,
                 std::vector<double>& values) {
  const auto begin = static_cast<std::ptrdiff_t>(values.size());
  values.insert(values.end(), rows.begin(), rows.end());
  auto row = values.begin() + begin;
  for (const double weight : weights) {
    const double root = std::sqrt(weight);
    const auto end = row + static_cast<std::ptrdiff_t>(width);
    for (; row != end; ++row) *row *= root;
  }
}

}  // namespace

std::uint64_t ProbedData::batch_bytes() const {
  std::uint64_t widest = data.input_elements() + model->shape().classes;
  for (const probe::Module& module : model->shape().modules) {
    widest += module.input_elements + 2 * module.output_elements;
  }
  return batch_examples * widest * sizeof(double);
}

ProbeRows::ProbeRows(const ProbedData& probed, Shown shown, std::size_t index)
    : probed_(probed), shown_(shown), index_(index) {
  const probe::ModelShape& shape = probed.model->shape();
  switch (shown) {
    case Shown::layer_inputs:
      width_ = shape.modules[index].input_elements;
      return;
    case Shown::output_gradients:
      width_ = shape.modules[index].output_elements;
      break;
    case Shown::parameter_gradients:
      width_ = element_count(shape.parameters[index].shape).value();
      break;
  }
  if (probed.labels.mode == probe::LabelMode::exact) rows_per_example_ = shape.classes;
}

void ProbeRows::read(std::uint64_t first, std::uint64_t count, std::vector<double>& values) const {
  values.clear();
  if (count == 0) return;
  const std::uint64_t first_example = first / rows_per_example_;
  const std::uint64_t end_example = (first + count + rows_per_example_ - 1) / rows_per_example_;
  probed_.for_each_batch(first_example, end_example - first_example,
                         [&](const probe::Batch& batch) { show(batch, values); });
  const std::uint64_t before = (first - first_example * rows_per_example_) * width_;
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(before));
  values.resize(static_cast<std::size_t>(count * width_));
}

void ProbeRows::show(const probe::Batch& batch, std::vector<double>& values) const {
  const auto take_module = [&](const probe::LayerRows& rows) {
    if (rows.module == index_) append_rows(rows.values, width_, rows.weights, values);
  };
  switch (shown_) {
    case Shown::layer_inputs:
      probed_.model->visit_layer_inputs(batch, take_module);
      break;
    case Shown::output_gradients:
      probed_.model->visit_output_gradients(batch, probed_.labels, take_module);
      break;
    case Shown::parameter_gradients:
      probed_.model->visit_gradients(batch, probed_.labels, [&](const probe::ExampleGradient& gradient) {
        append_rows(gradient.tensors[index_], width_, std::span(&gradient.weight, 1), values);
      });
      break;
  }
}

std::uint64_t ProbeRows::read_workspace_bytes(std::uint64_t count) const {
  // Rows of whole examples, which may begin before and end after those asked for.
  const std::uint64_t overhang = 2 * rows_per_example_ * width_ * sizeof(double);
  return probed_.batch_bytes() + count * width_ * sizeof(double) + overhang;
}

}  // namespace stockpot::engine
