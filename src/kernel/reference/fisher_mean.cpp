#include "kernel/reference/elements.hpp"
#include "kernel/task_vector_kernels.hpp"

namespace stockpot::kernel::reference {
namespace {

/// A sum from left to right that begins with its first term.
class RunningSum {
 public:
  void add(double term) {
    sum_ = empty_ ? term : sum_ + term;
    empty_ = false;
  }
  [[nodiscard]] double value() const { return sum_; }

 private:
  double sum_ = 0.0;
  bool empty_ = true;
};

}  // namespace

ElementCounts fisher_mean(const FisherForm& form, std::span<const TypedInput> inputs,
                          std::span<const TypedInput> fisher, TypedOutput output, std::uint64_t count) {
  ElementCounts counts;
  for (std::uint64_t index = 0; index < count; ++index) {
    RunningSum numerator;
    RunningSum denominator;
    RunningSum plain;
    RunningSum weights;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const double x = element(inputs[i], index);
      double importance = element(fisher[i], index);
      if (importance < form.floors[i]) importance = form.floors[i];
      const double factor = form.scales[i] * importance;
      numerator.add(factor * x);
      denominator.add(factor);
      plain.add(form.weights[i] * x);
      weights.add(form.weights[i]);
    }
    const double value = denominator.value() == 0.0 ? plain.value() / weights.value()
                                                    : numerator.value() / denominator.value();
    counts.nonfinite += store(output, index, value);
  }
  return counts;
}

}  // namespace stockpot::kernel::reference
