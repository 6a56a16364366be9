#include "claims.hpp"

#include <utility>

namespace stockpot::reproduce {

Claim judge(const std::string& text, const Row& larger, const Row& smaller) {
  Claim claim{.text = text, .difference = paired_difference(larger.values, smaller.values)};
  if (larger.values.size() < 2) return claim;
  const auto [mean, standard_error] = claim.difference;
  claim.verdict = mean > 0 && mean > 2 * standard_error ? Verdict::holds : Verdict::fails;
  return claim;
}

std::vector<Claim> compositional_claims(const Results& results) {
  const auto average_of = [&](const std::string& setting, const std::string& metric) -> const Row& {
    return results.at("E4", "average", setting, metric);
  };
  std::vector<Claim> claims;
  for (const auto& [method, title] : {std::pair{"regmean", "RegMean"}, std::pair{"mats", "MaTS"}}) {
    if (!results.has("E3", method)) continue;
    claims.push_back(judge(std::string(title) + " beats averaging held-in",
                           results.at("E3", method, "", "held_in"),
                           results.at("E3", "average", "", "held_in")));
  }
  claims.push_back(judge("held-in accuracy falls from 2 to 15 models", average_of("n=2", "held_in"),
                         average_of("n=15", "held_in")));
  claims.push_back(judge("generalisation rises from 2 to 15 models", average_of("n=15", "generalization"),
                         average_of("n=2", "generalization")));
  return claims;
}

}  // namespace stockpot::reproduce
