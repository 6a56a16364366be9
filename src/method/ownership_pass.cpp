#include "method/ownership_pass.hpp"

#include <utility>

#include "stockpot/kernel/ownership.hpp"

namespace stockpot::method {
namespace {

class OwnershipPass : public ElementPass {
 public:
  OwnershipPass(double epsilon, std::vector<double> factors)
      : epsilon_(epsilon), factors_(std::move(factors)) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    std::vector<kernel::OwningPart> parts;
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      parts.push_back({skip(tile.inputs[i], tile.before), factors_[i]});
    }
    return kernel::combine_owned(parts, skip(tile.anchor, tile.before), epsilon_, tile.output, tile.count);
  }

 private:
  double epsilon_;
  std::vector<double> factors_;
};

}  // namespace

recipe::ParameterSpec ownership_epsilon_parameter() {
  recipe::ParameterSpec epsilon;
  epsilon.name = "epsilon";
  epsilon.default_value = kernel::default_ownership_epsilon;
  epsilon.paper_default = 0.0;
  epsilon.minimum = 0.0;
  epsilon.help = "entries of task vectors that are no larger don't count";
  return epsilon;
}

std::unique_ptr<ElementPass> make_ownership_pass(double epsilon, std::vector<double> factors) {
  return std::make_unique<OwnershipPass>(epsilon, std::move(factors));
}

}  // namespace stockpot::method
