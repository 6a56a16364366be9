#include "method/mats_start.hpp"

#include <cstring>
#include <vector>

#include "method/weighted_mean.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::method {
namespace {

class AnchorPass : public ElementPass {
 public:
  kernel::ElementCounts apply(const Tile& tile) const override {
    return kernel::convert(tile.anchor, tile.output, tile.count);
  }
};

class ZeroPass : public ElementPass {
 public:
  kernel::ElementCounts apply(const Tile& tile) const override {
    std::memset(tile.output.data, 0, tile.count * static_cast<std::uint64_t>(bytes(tile.output.dtype)));
    return {};
  }
};

void require_anchor(const TensorContext& tensor, const std::string& init) {
  if (tensor.has_anchor) return;
  throw Error(ExitCode::usage, "init: " + init + " needs a base_model; average and zero do without",
              {"", tensor.name});
}

}  // namespace

std::unique_ptr<ElementPass> make_start(const TensorContext& tensor) {
  const std::string& init = tensor.values.words.at("init");
  if (init == "average") return make_weighted_mean(tensor);
  if (init == "zero") return std::make_unique<ZeroPass>();
  require_anchor(tensor, init);
  if (init == "pretrained") return std::make_unique<AnchorPass>();
  return make_linear_pass({.weights = std::vector<double>(tensor.models, 1.0),
                           .task_vectors = true,
                           .divisor = {},
                           .scale = tensor.values.number("init_lambda"),
                           .anchor_weight = 1.0});
}

}  // namespace stockpot::method
