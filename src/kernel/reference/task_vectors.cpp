#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "kernel/reference/elements.hpp"
#include "kernel/task_vector_kernels.hpp"

namespace stockpot::kernel::reference {
namespace {

/// s_i, or nothing where the entry is dropped.
std::optional<double> entry(const SparsePart& part, TypedInput anchor, std::uint64_t index) {
  const double delta = element(part.input, index) - element(anchor, index);
  if (std::abs(delta) < part.least || std::abs(delta) > part.most) return std::nullopt;
  if (part.keep != nullptr && ((part.keep[index / 64] >> (index % 64)) & 1) == 0) return std::nullopt;
  return (delta * part.factor) / (part.divisors != nullptr ? part.divisors[index] : part.divisor);
}

/// A sum that starts from its first term.
class Sum {
 public:
  void add(double term) { value_ = value_ ? *value_ + term : term; }
  [[nodiscard]] bool empty() const { return !value_.has_value(); }
  [[nodiscard]] double value() const { return value_.value_or(0.0); }

 private:
  std::optional<double> value_;
};

struct Term {
  double weight;
  double product;  ///< weight * entry
  double vote;
};

std::vector<Term> kept_terms(Election election, std::span<const SparsePart> parts, TypedInput anchor,
                             std::uint64_t index) {
  std::vector<Term> terms;
  for (const SparsePart& part : parts) {
    const std::optional<double> kept = entry(part, anchor, index);
    if (!kept) continue;
    const double product = part.weight * *kept;
    terms.push_back({part.weight, product, election == Election::weighted ? product : *kept});
  }
  return terms;
}

double divisor_of(const TaskVectorForm& form, double contributing_weights) {
  if (form.divisor_rule == Divisor::none) return 1.0;
  if (form.divisor_rule == Divisor::constant) return form.divisor;
  if (form.least_divisor > 0.0) {
    return contributing_weights < form.least_divisor ? form.least_divisor : contributing_weights;
  }
  return contributing_weights == 0.0 ? 1.0 : contributing_weights;
}

double value_of(const TaskVectorForm& form, const std::vector<Term>& terms, double b) {
  Sum votes;
  for (const Term& term : terms) votes.add(term.vote);
  const bool elects = form.election != Election::none;
  if (elects && std::isnan(votes.value())) return std::numeric_limits<double>::quiet_NaN();
  const double elected = std::copysign(1.0, votes.value() == 0.0 ? form.tie_sign : votes.value());
  Sum sum;
  Sum weights;
  for (const Term& term : terms) {
    if (elects && !(term.vote * elected > 0.0)) continue;
    sum.add(term.product);
    weights.add(term.weight);
  }
  if (sum.empty()) return b;
  return b + form.lambda * (sum.value() / divisor_of(form, weights.value()));
}

}  // namespace

ElementCounts combine_task_vectors(const TaskVectorForm& form, std::span<const SparsePart> parts,
                                   TypedInput anchor, TypedOutput output, std::uint64_t first,
                                   std::uint64_t end) {
  ElementCounts counts;
  for (std::uint64_t index = first; index < end; ++index) {
    const std::vector<Term> terms = kept_terms(form.election, parts, anchor, index);
    counts.nonfinite += store(output, index, value_of(form, terms, element(anchor, index)));
  }
  return counts;
}

std::int64_t sign_balance(std::span<const SparsePart> parts, TypedInput anchor, std::uint64_t first,
                          std::uint64_t end) {
  std::int64_t balance = 0;
  for (std::uint64_t index = first; index < end; ++index) {
    Sum sum;
    for (const SparsePart& part : parts) {
      const std::optional<double> kept = entry(part, anchor, index);
      if (kept) sum.add(*kept);
    }
    if (sum.value() > 0.0) ++balance;
    if (sum.value() < 0.0) --balance;
  }
  return balance;
}

void sparsified(const SparsePart& part, TypedInput anchor, std::uint64_t first, std::uint64_t end,
                double* entries) {
  for (std::uint64_t index = first; index < end; ++index) {
    entries[index] = entry(part, anchor, index).value_or(0.0);
  }
}

TaskVectorKernels task_vector_kernels() {
  return {
      [](const TaskVectorForm& form, std::span<const SparsePart> parts, TypedInput anchor, TypedOutput output,
         std::uint64_t count) { return combine_task_vectors(form, parts, anchor, output, 0, count); },
      [](std::span<const SparsePart> parts, TypedInput anchor, std::uint64_t count) {
        return sign_balance(parts, anchor, 0, count);
      },
      [](const SparsePart& part, TypedInput anchor, std::uint64_t count, double* entries) {
        sparsified(part, anchor, 0, count, entries);
      }};
}

}  // namespace stockpot::kernel::reference
