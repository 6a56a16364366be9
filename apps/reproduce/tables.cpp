#include "tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace stockpot::reproduce {
namespace {

std::string with_spread(const Row& row) {
  const Spread over_seeds = spread(row.values);
  return fmt::format("{:.3f} +- {:.3f}", over_seeds.mean, over_seeds.deviation);
}

/// "alpha=1 (4), alpha=0.9 (1)": how many seeds chose what, the most frequent first.
std::string chosen(const MethodRecord& record) {
  std::map<std::string, int> counts;
  for (const std::vector<Outcome>& outcomes : record.outcomes) ++counts[best(outcomes).candidate.setting()];
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [setting, count] : sorted) {
    if (!setting.empty()) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", setting, count);
  }
  return text;
}

std::string accuracy_line(const Results& results, const Row& held_in, const std::string& last) {
  const Row& others = results.at(held_in.table, held_in.method, held_in.setting, "generalization");
  return fmt::format("  {:<17} {:<10} {:<17} {:<17} {}\n", held_in.method, held_in.setting,
                     with_spread(held_in), with_spread(others), last);
}

std::string table_head(const std::string& table, bool choices) {
  return fmt::format("\n{}\n  {:<17} {:<10} {:<17} {:<17} {}\n", table, "method", "setting", "held-in",
                     "generalisation", choices ? "chosen on validation images (seeds)" : "");
}

std::string chosen_by(const Study& study, const std::string& method) {
  for (const MethodRecord& record : study.methods) {
    if (record.name == method) return chosen(record);
  }
  return "";
}

double largest(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}
double smallest(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}
double deviation(const std::vector<double>& values) {
  return spread(values).deviation;
}

/// Mean over seeds of what `pick` says about one score of all candidates.
double over_grid(const MethodRecord& record, double Scores::*score_of,
                 double (*pick)(const std::vector<double>&)) {
  double sum = 0;
  for (const std::vector<Outcome>& outcomes : record.outcomes) {
    std::vector<double> values;
    for (const Outcome& outcome : outcomes) values.push_back(outcome.scores.*score_of);
    sum += pick(values);
  }
  return sum / static_cast<double>(record.outcomes.size());
}

double kilobytes(double bytes) {
  return bytes / 1e3;
}

}  // namespace

std::string plain_tables(const Results& results) {
  std::string text;
  std::string head;
  const auto same_line = [](const Row& a, const Row& b) {
    return a.table == b.table && a.method == b.method && a.setting == b.setting;
  };
  for (auto first = results.rows().begin(); first != results.rows().end();) {
    std::string names = fmt::format("\n{}\n  {:<20} {:<20}", first->table, "method", "setting");
    std::string line = fmt::format("  {:<20} {:<20}", first->method, first->setting);
    auto row = first;
    for (; row != results.rows().end() && same_line(*row, *first); ++row) {
      names += fmt::format(" {:<18}", row->metric);
      line += fmt::format(" {:<18}", with_spread(*row));
    }
    if (names != head) text += names + "\n";
    head = names;
    text += line + "\n";
    first = row;
  }
  return text;
}

std::string accuracy_tables(const Study& study) {
  std::string text;
  std::string table;
  for (const Results* const results : {&study.results, &study.other_numbers}) {
    for (const Row& row : results->rows()) {
      if (row.metric != "held_in") continue;
      const bool choices = row.table == "E3";
      if (row.table != table) text += table_head(row.table, choices);
      table = row.table;
      text += accuracy_line(*results, row, choices ? chosen_by(study, row.method) : "");
    }
  }
  return text;
}

std::string cost_table(const Study& study) {
  std::string text = fmt::format(
      "\ncost (means over seeds)\n  {:<17} {:>10} {:>10} {:>12} {:>12} {:>10} {:>10} {:>10}\n", "method",
      "merge s", "stats s", "merge MFLOP", "stats MFLOP", "read kB", "written kB", "peak MiB");
  for (const MethodRecord& record : study.methods) {
    const auto seeds = static_cast<double>(record.outcomes.size());
    Cost merge;
    Cost statistics;
    for (const std::vector<Outcome>& outcomes : record.outcomes) merge += best(outcomes).cost;
    for (const Cost& cost : record.statistics) statistics += cost;
    Cost both = merge;
    both += statistics;
    text +=
        fmt::format("  {:<17} {:>10.4f} {:>10.4f} {:>12.2f} {:>12.2f} {:>10.0f} {:>10.0f} {:>10.1f}\n",
                    record.name, merge.seconds / seeds, statistics.seconds / seeds, merge.flops / seeds / 1e6,
                    statistics.flops / seeds / 1e6, kilobytes(static_cast<double>(both.read_bytes) / seeds),
                    kilobytes(static_cast<double>(both.written_bytes) / seeds),
                    static_cast<double>(both.peak_bytes) / 1048576.0);
  }
  return text + fmt::format("  training an ingredient: {:.0f} MFLOP, the multitask model: {:.0f} MFLOP\n",
                            study.training.ingredient / 1e6, study.training.multitask / 1e6);
}

std::string sensitivity_table(const Study& study) {
  std::string text =
      fmt::format("\nsensitivity to hyperparameters (means over seeds)\n  {:<17} {:>10}   {:<24} {}\n",
                  "method", "candidates", "held-in best worst dev", "generalisation best worst dev");
  for (const MethodRecord& record : study.methods) {
    if (record.outcomes.front().size() < 2) continue;
    text += fmt::format("  {:<17} {:>10}  ", record.name, record.outcomes.front().size());
    for (double Scores::*const score_of : {&Scores::held_in, &Scores::generalization}) {
      text += fmt::format(" {:.3f} {:.3f} {:.3f}      ", over_grid(record, score_of, largest),
                          over_grid(record, score_of, smallest), over_grid(record, score_of, deviation));
    }
    text += "\n";
  }
  return text;
}

std::string claim_lines(const std::vector<Claim>& claims) {
  std::string text = "\nclaims (paired over seeds; one holds if it does two standard errors away too)\n";
  for (const Claim& claim : claims) {
    const char* verdict = claim.verdict == Verdict::holds   ? "holds"
                          : claim.verdict == Verdict::fails ? "FAILS"
                                                            : "undecided (one seed)";
    text += fmt::format("  {:<62} {:+.3f}, standard error {:.3f}: {}\n", claim.text, claim.difference.mean,
                        claim.difference.standard_error, verdict);
  }
  return text;
}

}  // namespace stockpot::reproduce
