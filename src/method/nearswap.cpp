#include "stockpot/kernel/nearswap.hpp"

#include <memory>
#include <utility>

#include "method/task_vector_schema.hpp"

namespace stockpot::method {
namespace {

class NearswapPass : public ElementPass {
 public:
  explicit NearswapPass(double t) : t_(t) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    return kernel::nearswap(t_, skip(tile.inputs.front(), tile.before), skip(tile.anchor, tile.before),
                            tile.output, tile.count);
  }

 private:
  double t_;
};

/// w x + (1 - w) b, w = t / max(|b - x|, 1e-6) clamped to [0, 1]: the other model where it is within t of the
/// base model, ever less of it farther away. A t that is not above 0 gives the base model. After
/// mergekit's merge_methods/nearswap.py.
class Nearswap : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = [] {
      recipe::ParameterSpec t;
      t.name = "t";
      t.help = "distance up to which the other model's value is taken";
      recipe::MethodSchema s = task_vector_schema(
          "nearswap", "another model's values where they are near those of the base model", {t});
      s.maximum_models = 2;
      return s;
    }();
    return schema;
  }

  Claims claims() const override { return {.idempotent = true}; }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return std::make_unique<NearswapPass>(tensor.values.number("t"));
  }
};

}  // namespace

std::unique_ptr<Method> make_nearswap();
std::unique_ptr<Method> make_nearswap() {
  return std::make_unique<Nearswap>();
}

}  // namespace stockpot::method
