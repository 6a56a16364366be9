#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/output_options.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/report/verify.hpp"
#include "stockpot/soup/soup_job.hpp"

namespace stockpot::cli {
namespace {

namespace po = boost::program_options;

std::string describe(const soup::Candidate& candidate) {
  if (!candidate.ingredients.empty()) return fmt::format("models {}", fmt::join(candidate.ingredients, ", "));
  std::string text;
  for (const auto& [name, value] : candidate.parameters) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

/// One line for each candidate that counted.
void tell(const soup::TraceEntry& entry) {
  const std::string score = entry.score ? fmt::format("score {}", *entry.score) : std::string("no score");
  const std::string reason = entry.reason.empty() ? "" : " (" + entry.reason + ")";
  const std::string_view logits = entry.reported == recipe::Reported::ensemble ? "logits of " : "";
  fmt::print(stderr, "candidate {}: {}{}: {}{}\n", entry.number, logits, describe(entry.candidate), score,
             reason);
}

nlohmann::ordered_json winner_of(const soup::SoupSummary& summary) {
  if (summary.learned) {
    return {{"coefficients", summary.learned->coefficients}, {"beta", summary.learned->beta}};
  }
  return {{"ingredients", summary.winner.ingredients}, {"parameters", summary.winner.parameters}};
}

void print_summary(const soup::SoupSummary& summary, const std::filesystem::path& output, bool json) {
  if (json) {
    const nlohmann::ordered_json document{
        {"winner", winner_of(summary)},
        {"score", summary.score ? nlohmann::ordered_json(*summary.score) : nlohmann::ordered_json(nullptr)},
        {"evaluations", summary.evaluations},
        {"remembered", summary.remembered},
        {"seconds", {{"search", summary.search_seconds}, {"merge", summary.merge.seconds}}},
        {"held_bytes",
         {{"models", summary.held.resident_bytes},
          {"scratch", summary.held.scratch_bytes},
          {"candidate", summary.held.candidate_bytes}}},
        {"tensors", summary.merge.tensors},
        {"bytes", summary.merge.tensor_bytes}};
    std::cout << document.dump() << "\n";
    return;
  }
  const std::string remembered =
      summary.remembered == 0 ? "" : fmt::format(", {} of them remembered", summary.remembered);
  const std::string score = summary.score ? fmt::format("score {}", *summary.score) : "no score";
  fmt::print("{}: {} ({}); {} evaluations{}, {:.2f} s; {} tensors, {}\n", output.string(),
             summary.learned ? "learned coefficients" : describe(summary.winner), score, summary.evaluations,
             remembered, summary.search_seconds, summary.merge.tensors,
             format_size(summary.merge.tensor_bytes));
}

}  // namespace

int soup_command(Invocation& invocation) {
  const auto parsed =
      parse(invocation, command_named("soup"), output_options("Options of soup"), {"RECIPE", "OUT"});
  if (!parsed) return static_cast<int>(ExitCode::success);
  const engine::RunOptions options = job_options(invocation, *parsed, "merging");
  const bool is_quiet = progress_style(parsed->common) == ProgressStyle::none;
  const soup::SoupSummary summary = soup::run_soup(invocation.world, parsed->positional[0], options,
                                                   is_quiet ? soup::TraceSink{} : soup::TraceSink{tell});
  if (summary.merge.was_finished) {
    return report::verify_output(invocation.world, options.output, options.plan.threads, parsed->common.json);
  }
  if (invocation.world.is_root()) print_summary(summary, options.output, parsed->common.json);
  return static_cast<int>(ExitCode::success);
}

}  // namespace stockpot::cli
