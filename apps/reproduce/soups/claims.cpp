#include "claims.hpp"

#include "soups/study.hpp"

namespace stockpot::reproduce {
namespace {

/// Rows of one table of a study, by method and metric.
class Table {
 public:
  Table(const Results& results, std::string table) : results_(results), table_(std::move(table)) {}
  [[nodiscard]] const Row& operator()(const std::string& method, const std::string& metric,
                                      const std::string& setting = "") const {
    return results_.at(table_, method, setting, metric);
  }

 private:
  const Results& results_;
  std::string table_;
};

std::vector<Claim> shell_claims(const SoupStudy& study) {
  const Table e1(study.results, "E1");
  const Table gentle(study.other_numbers, "E1 gentle");
  return {
      judge_value("E1: norms of models fine-tuned alike vary by less than 5 %", e1("geometry", "norm_cv"),
                  {.high = 0.05}),
      judge_value("E1: their angle is 50 to 70 degrees", e1("geometry", "angle_mean"),
                  {.low = 50, .high = 70}),
      judge_value("E1: it varies by less than 5 degrees", e1("geometry", "angle_std"), {.high = 5}),
      judge("E1: an average of 2 is nearer to the centre than 1", e1("single", "distance_to_center"),
            e1("average_2", "distance_to_center")),
      judge("E1: Model Stock of 2 is nearer than an average of 2", e1("average_2", "distance_to_center"),
            e1("stock_2", "distance_to_center")),
      judge("E1: Stock of 2 beats an average of 2 in distribution", e1("stock_2", "id"),
            e1("average_2", "id")),
      judge("E1: Stock of 2 beats an average of 2 out of it", e1("stock_2", "ood"), e1("average_2", "ood")),
      judge_difference("E1: it isn't .01 below an average of 8 in distribution", e1("stock_2", "id"),
                       e1("average_8", "id"), {.low = -0.01}),
      judge_difference("E1: nor out of it", e1("stock_2", "ood"), e1("average_8", "ood"), {.low = -0.01}),
      judge_value("E1: gentle fine-tuning leaves angles below 30 degrees", gentle("geometry", "angle_mean"),
                  {.high = 30}),
      judge_difference("E1: and then Stock of 2 is an average of 2, within .01", gentle("stock_2", "ood"),
                       gentle("average_2", "ood"), {.low = -0.01, .high = 0.01})};
}

std::vector<Claim> search_claims(const SoupStudy& study) {
  const Table e6(study.results, "E6");
  return {judge("E2: a uniform soup beats the best single out of it", e6("uniform", "ood"),
                e6("best_single", "ood")),
          judge("E6: a learned soup beats the best single out of it", e6("learned", "ood"),
                e6("best_single", "ood")),
          judge("E6: one learned weight a model does so too", e6("learned_model", "ood"),
                e6("best_single", "ood")),
          judge_always("E2: greedy is never below the best single, val", e6("greedy", "val"),
                       e6("best_single", "val")),
          judge_always("E6: nor is greedy with >=, val", e6("greedy_ge", "val"), e6("best_single", "val")),
          judge_difference("E2: greedy isn't .01 below the best single, id", e6("greedy", "id"),
                           e6("best_single", "id"), {.low = -0.01}),
          judge_difference("E6: a uniform soup is within .01 of the logits, ood", e6("uniform", "ood"),
                           e6("logit_ensemble", "ood"), {.low = -0.01, .high = 0.01})};
}

std::vector<Claim> ensemble_claims(const SoupStudy& study) {
  const Table e7(study.results, "E7");
  const auto at = [&](const std::string& method, const std::string& setting) -> const Row& {
    return e7(method, "id", setting);
  };
  const std::string same = "anchor=same";
  const std::string own = "anchor=independent";
  return {judge_difference("E7: one anchor: weights are within .02 of logits", at("weights", same),
                           at("logits", same), {.low = -0.02, .high = 0.02}),
          judge_difference("E7: and of features", at("weights", same), at("features", same),
                           {.low = -0.02, .high = 0.02}),
          judge_difference("E7: and of a single model", at("weights", same), at("single", same),
                           {.low = -0.02, .high = 0.02}),
          judge_value("E7: own initialisations: weights fall below .5", at("weights", own), {.high = 0.5}),
          judge_difference("E7: there logits aren't .005 below a single model", at("logits", own),
                           at("single", own), {.low = -0.005}),
          judge_difference("E7: models times 10: within .01", at("weights", "scale=10"),
                           at("weights", "scale=1"), {.low = -0.01, .high = 0.01}),
          judge_difference("E7: models times 100: within .01", at("weights", "scale=100"),
                           at("weights", "scale=1"), {.low = -0.01, .high = 0.01}),
          judge_difference("E7: models times 0.1: lower by more than .1", at("weights", "scale=1"),
                           at("weights", "scale=0.1"), {.low = 0.1})};
}

}  // namespace

std::vector<Claim> soup_claims(const SoupStudy& study) {
  std::vector<Claim> all = shell_claims(study);
  for (const auto& more : {search_claims(study), ensemble_claims(study)}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace stockpot::reproduce
