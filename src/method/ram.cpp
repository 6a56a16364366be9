#include <memory>
#include <vector>

#include "method/ownership_pass.hpp"
#include "method/task_vector_schema.hpp"

namespace stockpot::method {
namespace {

/// RAM: what one model alone changes is kept in full, what several change is averaged over them. After
/// mergekit's merge_methods/ram.py.
class Ram : public Method {
 public:
  const recipe::MethodSchema& schema() const override {
    static const recipe::MethodSchema schema = task_vector_schema(
        "ram", "add what one model changes, average what several change", {ownership_epsilon_parameter()});
    return schema;
  }

  Claims claims() const override { return {.idempotent = true, .permutation_invariant = true}; }

  std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const override {
    return make_ownership_pass(tensor.values.number("epsilon"), std::vector<double>(tensor.models, 1.0));
  }
};

}  // namespace

std::unique_ptr<Method> make_ram();
std::unique_ptr<Method> make_ram() {
  return std::make_unique<Ram>();
}

}  // namespace stockpot::method
