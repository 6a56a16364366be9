#include "engine/statistics_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::engine {
namespace {

std::string suggestion(const checkpoint::Checkpoint& model, const std::string& tensor) {
  std::vector<std::string> names;
  for (const checkpoint::StoredTensor& stored : model.tensors) names.push_back(stored.name);
  const std::optional<std::string> near = nearest(tensor, names);
  return near ? fmt::format(" (did you mean {}?)", quote(*near)) : std::string();
}

bool has_width(const Shape& shape, ModuleSide side, std::uint64_t width, io::WeightLayout layout) {
  const std::size_t inputs = layout == io::WeightLayout::out_in ? 1 : 0;
  switch (side) {
    case ModuleSide::inputs:
      return shape[inputs] == width;
    case ModuleSide::outputs:
      return shape[1 - inputs] == width;
    case ModuleSide::either:
      break;
  }
  return shape[0] == width || shape[1] == width;
}

}  // namespace

void refuse_statistic(const StatisticPlace& place, const std::string& message) {
  throw Error(ExitCode::input, quote(place.object) + ": " + message, {place.file.string(), ""});
}

const checkpoint::StoredTensor* weight_of(const checkpoint::Checkpoint& model, const std::string& module) {
  if (const checkpoint::StoredTensor* plain = model.find_or_alias(module + ".weight")) return plain;
  constexpr std::string_view packed = "in_proj";
  const std::string_view name = module;
  const bool is_packed = name == packed || name.ends_with(".in_proj");
  return is_packed ? model.find_or_alias(module + "_weight") : nullptr;
}

void require_module(const checkpoint::Checkpoint& model, const std::string& module, ModuleSide side,
                    std::uint64_t width, io::WeightLayout layout, const StatisticPlace& place) {
  const checkpoint::StoredTensor* weight = weight_of(model, module);
  if (weight == nullptr) {
    const std::string name = module + ".weight";
    refuse_statistic(place,
                     fmt::format("the model has no tensor {}{}", quote(name), suggestion(model, name)));
  }
  if (weight->shape.size() != 2 || !has_width(weight->shape, side, width, layout)) {
    refuse_statistic(place, fmt::format("has {} features, which do not fit {} {} (weight_layout '{}')", width,
                                        quote(weight->name), to_string(weight->shape), io::name(layout)));
  }
}

void require_tensor(const checkpoint::Checkpoint& model, const std::string& tensor, const Shape& shape,
                    const StatisticPlace& place) {
  const checkpoint::StoredTensor* stored = model.find_or_alias(tensor);
  if (stored == nullptr) {
    refuse_statistic(place,
                     fmt::format("the model has no tensor {}{}", quote(tensor), suggestion(model, tensor)));
  }
  if (stored->shape != shape) {
    refuse_statistic(place, fmt::format("is of shape {}, but the model's {} is {}", to_string(shape),
                                        quote(tensor), to_string(stored->shape)));
  }
}

bool is_vector(const Shape& shape) {
  const std::optional<std::uint64_t> elements = element_count(shape);
  return !shape.empty() && elements && *elements > 0 &&
         *elements == *std::max_element(shape.begin(), shape.end());
}

void require_fit(const checkpoint::Checkpoint& model, const io::StatisticsFile& file) {
  for (const io::Statistic& statistic : file.statistics()) {
    const StatisticPlace place{file.path(), statistic.data.object};
    switch (statistic.kind) {
      case io::StatisticKind::fisher:
        require_tensor(model, statistic.name, statistic.data.shape, place);
        break;
      case io::StatisticKind::gram:
        require_module(model, statistic.name, ModuleSide::inputs, statistic.dimension,
                       statistic.weight_layout, place);
        break;
      case io::StatisticKind::gram_output: {
        const io::Statistic* inputs = file.find(io::StatisticKind::gram, statistic.name);
        require_module(model, statistic.name, inputs == nullptr ? ModuleSide::either : ModuleSide::outputs,
                       statistic.dimension,
                       inputs == nullptr ? io::WeightLayout::out_in : inputs->weight_layout, place);
        break;
      }
      case io::StatisticKind::fisher_block: {
        const checkpoint::StoredTensor* stored = model.find_or_alias(statistic.name);
        if (stored == nullptr) {
          require_tensor(model, statistic.name, {statistic.dimension}, place);
        } else if (!is_vector(stored->shape) || stored->elements() != statistic.dimension) {
          refuse_statistic(place, fmt::format("has {} rows, but the model's {} is {}", statistic.dimension,
                                              quote(statistic.name), to_string(stored->shape)));
        }
        break;
      }
    }
  }
}

}  // namespace stockpot::engine
