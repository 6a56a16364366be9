#include "claims.hpp"

namespace stockpot::reproduce {

Claim judge(const std::string& text, const Row& larger, const Row& smaller) {
  Claim claim{.text = text, .difference = paired_difference(larger.values, smaller.values)};
  if (larger.values.size() < 2) return claim;
  const auto [mean, standard_error] = claim.difference;
  claim.verdict = mean > 0 && mean > 2 * standard_error ? Verdict::holds : Verdict::fails;
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
