#include "stockpot/method/method.hpp"

#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "stockpot/base/error.hpp"
#include "stockpot/method/survey.hpp"

namespace stockpot::method {
namespace {

class LinearPass : public ElementPass {
 public:
  explicit LinearPass(kernel::LinearForm form) : form_(std::move(form)) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    if (takes_one_as_is()) return kernel::convert(tile.inputs.front(), tile.output, tile.count);
    return kernel::linear_form(form_, tile.inputs, tile.anchor, tile.output, tile.count);
  }
  const kernel::LinearForm* linear_form() const override { return &form_; }

 private:
  [[nodiscard]] bool takes_one_as_is() const {
    return form_.weights.size() == 1 && form_.weights.front() == 1.0 && !form_.needs_anchor() &&
           form_.scale == 1.0 && form_.divisor.value_or(1.0) == 1.0;
  }

  kernel::LinearForm form_;
};

}  // namespace

std::string part_of(const TensorContext& tensor) {
  return tensor.name + "@" + std::to_string(tensor.first_element);
}

std::unique_ptr<Survey> Method::survey(const ScopeContext&) const {
  throw std::logic_error("the method " + schema().name + " takes no survey");
}

std::unique_ptr<ElementPass> Method::coefficients(const TensorContext&) const {
  throw std::logic_error("the method " + schema().name + " needs a survey");
}

std::uint64_t sampled_leaf(std::uint64_t window) {
  // The finalizer of SplitMix64 (Steele et al. 2014).
  std::uint64_t mixed = window + 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  mixed ^= mixed >> 31;
  return window * sampling_window + mixed % sampling_window;
}

std::uint64_t ScopeContext::elements() const {
  return first_element(tensors.size());
}

std::uint64_t ScopeContext::first_element(std::size_t tensor) const {
  return std::accumulate(tensors.begin(), tensors.begin() + static_cast<std::ptrdiff_t>(tensor),
                         std::uint64_t{0},
                         [](std::uint64_t sum, const TensorContext& t) { return sum + t.elements; });
}

std::uint64_t ScopeContext::first_leaf(std::size_t tensor) const {
  return std::accumulate(tensors.begin(), tensors.begin() + static_cast<std::ptrdiff_t>(tensor),
                         std::uint64_t{0}, [](std::uint64_t sum, const TensorContext& t) {
                           return sum + (t.elements + leaf_elements - 1) / leaf_elements;
                         });
}

std::unique_ptr<ElementPass> make_linear_pass(kernel::LinearForm form) {
  return std::make_unique<LinearPass>(std::move(form));
}

double ParameterValues::number(const std::string& name) const {
  const auto found = shared.find(name);
  if (found == shared.end()) throw Error(ExitCode::usage, "parameter " + quote(name) + " has no value");
  return found->second;
}

std::vector<double> ParameterValues::of_models(const std::string& name) const {
  std::vector<double> values;
  const auto found = per_model.find(name);
  if (found == per_model.end()) throw Error(ExitCode::usage, "parameter " + quote(name) + " has no value");
  for (const std::optional<double>& value : found->second) {
    if (!value) throw Error(ExitCode::usage, "parameter " + quote(name) + " has no value for some model");
    values.push_back(*value);
  }
  return values;
}

}  // namespace stockpot::method
