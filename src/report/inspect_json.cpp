#include <limits>
#include <nlohmann/json.hpp>

#include "report/totals.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;

json totals_json(const Totals& totals) {
  return {{"tensors", totals.tensors},
          {"parameters", totals.elements},
          {"bytes", totals.bytes},
          {"sparsity", totals.sparsity()}};  // nlohmann writes null for NaN
}

json tensor_json(const checkpoint::Checkpoint& model, const checkpoint::StoredTensor& tensor,
                 const TensorContent* content) {
  Totals totals;
  totals.add(tensor, content);
  return {{"dtype", name(tensor.dtype)},
          {"shape", tensor.shape},
          {"file", model.files[tensor.file].path.filename().string()},
          {"elements", totals.elements},
          {"bytes", tensor.bytes},
          {"sparsity", totals.sparsity()},
          {"digest", content == nullptr ? json() : json(content->digest.hex())}};
}

json origin_json(const std::optional<Origin>& origin) {
  if (!origin) return nullptr;
  return {{"stockpot", origin->stockpot},
          {"method", origin->method},
          {"recipe_digest", origin->recipe_digest},
          {"seed", origin->seed}};
}

}  // namespace

std::string inspection_json(const Inspection& found) {
  const checkpoint::Checkpoint& model = found.checkpoint;
  const ModelTotals totals = totals_of(found);
  json document = totals_json(totals.all);
  document["model_digest"] = found.model_digest ? json(found.model_digest->hex()) : json();
  json& tensors = document["tensors"] = json::object();
  for (std::size_t t = 0; t < model.tensors.size(); ++t) {
    tensors[model.tensors[t].name] = tensor_json(model, model.tensors[t], content_of(found, t));
  }
  json& files = document["files"] = json::array();
  for (const checkpoint::StoredFile& file : model.files) {
    files.push_back({{"name", file.path.filename().string()}, {"bytes", file.identity.size}});
  }
  json& dtypes = document["dtypes"] = json::object();
  for (const auto& [dtype, sums] : totals.by_dtype) dtypes[dtype] = totals_json(sums);
  document["format"] = !model.files.empty() && is_hdf5(model.files.front().path) ? "hdf5" : "safetensors";
  document["layers"] = totals.layers_of_stack;
  document["aliases"] = model.aliases;
  document["metadata"] = found.metadata;
  document["manifest"] = origin_json(found.origin);
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace stockpot::report
