#include "claims.hpp"

namespace stockpot::reproduce {

Claim judge(const std::string& text, const Row& larger, const Row& smaller) {
  return judge_difference(text, larger, smaller, {.low = 0});
}

Claim judge_difference(const std::string& text, const Row& row, const Row& other, const Bounds& bounds) {
  Claim claim{.text = text, .difference = paired_difference(row.values, other.values)};
  if (row.values.size() < 2) return claim;
  const auto [mean, standard_error] = claim.difference;
  const bool is_within = mean - 2 * standard_error > bounds.low && mean + 2 * standard_error < bounds.high;
  claim.verdict = is_within ? Verdict::holds : Verdict::fails;
  return claim;
}

Claim judge_value(const std::string& text, const Row& row, const Bounds& bounds) {
  Row zero = row;
  zero.values.assign(row.values.size(), 0.0);
  return judge_difference(text, row, zero, bounds);
}

Claim judge_always(const std::string& text, const Row& row, const Row& never_above) {
  Claim claim{.text = text, .difference = paired_difference(row.values, never_above.values)};
  claim.verdict = Verdict::holds;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (!(row.values[i] >= never_above.values[i])) claim.verdict = Verdict::fails;
  }
  return claim;
}

std::vector<Claim> compositional_claims(const Results& results) {
  const auto held_in = [&](const std::string& method) -> const Row& {
    return results.at("E3", method, "", "held_in");
  };
  const auto average_of = [&](const std::string& setting, const std::string& metric) -> const Row& {
    return results.at("E4", "average", setting, metric);
  };
  return {judge("RegMean beats averaging held-in", held_in("regmean"), held_in("average")),
          judge("MaTS beats averaging held-in", held_in("mats"), held_in("average")),
          judge("held-in accuracy falls from 2 to 15 models", average_of("n=2", "held_in"),
                average_of("n=15", "held_in")),
          judge("generalisation rises from 2 to 15 models", average_of("n=15", "generalization"),
                average_of("n=2", "generalization"))};
}

}  // namespace stockpot::reproduce
