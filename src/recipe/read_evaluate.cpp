#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "recipe/read_search.hpp"
#include "recipe/take_value.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

template <typename Value, std::size_t n>
using Choices = std::array<std::pair<std::string_view, Value>, n>;

constexpr Choices<bool, 2> mode_words{{{"maximize", false}, {"minimize", true}}};
constexpr Choices<bool, 2> failure_words{{{"reject", false}, {"error", true}}};
constexpr Choices<std::string_view, 1> probe_words{{{"mlp", "mlp"}}};
constexpr Choices<Reported, 4> reported_words{{{"winner", Reported::winner},
                                               {"singles", Reported::singles},
                                               {"uniform", Reported::uniform},
                                               {"ensemble", Reported::ensemble}}};
constexpr std::uint64_t most_workers = 65536;

/// What the built-in probes measure.
const std::vector<std::string> probe_metrics{"accuracy", "loss"};

std::optional<Evaluate> read_block(MappingReader& outer, const std::string& key, bool may_have_final,
                                   Findings& findings);

void read_command(MappingReader& reader, Evaluate& evaluate, Findings& findings) {
  const std::optional<Cursor> at = reader.take("command");
  if (!at) return;
  if (at->is(YamlNode::Kind::scalar) && at->node->text.find(' ') != std::string::npos) {
    findings.error(*at, "a command is a list of words; no shell reads it",
                   "write `[python3, eval.py]`, each argument as an item");
    return;
  }
  evaluate.command = read_texts(*at, findings);
  if (evaluate.command.empty() ? at->node->items.empty() : evaluate.command.front().empty()) {
    findings.error(*at, "the command is empty");
  }
}

void read_probe(MappingReader& reader, Evaluate& evaluate, Findings& findings) {
  if (const auto at = reader.take("probe")) {
    evaluate.probe = read_choice<std::string_view>(*at, probe_words, findings).value_or("");
    if (const auto data = reader.require("data")) {
      evaluate.data = read_text(*data, findings).value_or("");
      if (evaluate.data.empty()) findings.error(*data, "the path is empty");
    }
    reader.refuse("worker", "a probe has no program that could stay", "remove `worker`");
  } else {
    reader.refuse("data", "'data' is for `probe:`; a command takes its data as arguments");
    take_flag(reader, "worker", evaluate.worker, findings);
  }
}

void check_metric(const Cursor& at, const std::string& name, const Evaluate& evaluate, Findings& findings) {
  if (name.empty()) findings.error(at, "a metric needs a name");
  if (evaluate.probe.empty() || name.empty()) return;
  if (std::find(probe_metrics.begin(), probe_metrics.end(), name) == probe_metrics.end()) {
    report_choice(at, name, probe_metrics, findings);
  }
}

void read_weights(const Cursor& at, Evaluate& evaluate, Findings& findings) {
  const MappingReader reader(at, findings);
  bool is_whole = reader.is_mapping();
  for (const YamlEntry& entry : at.node->entries) {
    const Cursor weight_at = at.entry(entry);
    check_metric(weight_at, entry.key, evaluate, findings);
    const std::optional<double> weight = read_number(weight_at, findings);
    if (weight) evaluate.metrics[entry.key] = *weight;
    is_whole = is_whole && weight.has_value();
  }
  const bool counts = std::any_of(evaluate.metrics.begin(), evaluate.metrics.end(),
                                  [](const auto& metric) { return metric.second != 0.0; });
  if (is_whole && !counts) {
    findings.error(at, "no metric has a weight other than 0", "write `metrics: {accuracy: 1}`");
  }
}

void read_metrics(MappingReader& reader, Evaluate& evaluate, Findings& findings) {
  const std::optional<Cursor> metric = reader.take("metric");
  const std::optional<Cursor> metrics = reader.take("metrics");
  if (metric && metrics) {
    findings.error(*metrics, "only one of 'metric' and 'metrics' may be given");
  } else if (metrics) {
    read_weights(*metrics, evaluate, findings);
  } else {
    const std::string name = metric ? read_text(*metric, findings).value_or("accuracy") : "accuracy";
    check_metric(metric.value_or(reader.at()), name, evaluate, findings);
    evaluate.metrics = {{name, 1.0}};
  }
}

void read_limits(MappingReader& reader, Evaluate& evaluate, Findings& findings) {
  if (const auto at = reader.take("workers")) {
    evaluate.workers =
        static_cast<std::uint64_t>(read_integer(*at, 1, std::int64_t{most_workers}, findings).value_or(1));
  }
  take_amount(reader, "timeout", false, evaluate.timeout_seconds, findings);
  take_count(reader, "retries", 0, evaluate.retries, findings);
  take_choice<bool>(reader, "on_failure", failure_words, evaluate.fails_job, findings);
  take_text(reader, "scratch", evaluate.scratch, findings);
}

void read_report(MappingReader& reader, Evaluate& evaluate, Findings& findings) {
  const std::optional<Cursor> at = reader.take("report");
  if (!at) return;
  evaluate.report.clear();
  if (at->is(YamlNode::Kind::sequence) && at->node->items.empty()) {
    findings.error(*at, "reports nothing", "remove `report` to evaluate the winner");
  }
  for (const Cursor& item : read_list(*at, findings)) {
    const auto reported = read_choice<Reported>(item, reported_words, findings);
    if (!reported) continue;
    if (std::find(evaluate.report.begin(), evaluate.report.end(), *reported) != evaluate.report.end()) {
      findings.error(item, quote(item.node->text) + " stands here twice");
    }
    if (*reported == Reported::ensemble && evaluate.probe.empty()) {
      findings.error(item, "an ensemble needs logits, which a command doesn't give",
                     "write `probe: mlp` with `data: FILE`");
    }
    evaluate.report.push_back(*reported);
  }
}

std::optional<Evaluate> read_block(MappingReader& outer, const std::string& key, bool may_have_final,
                                   Findings& findings) {
  const std::optional<Cursor> at = outer.take(key);
  if (!at) return std::nullopt;
  MappingReader reader(*at, findings);
  if (!reader.is_mapping()) return std::nullopt;
  Evaluate evaluate;
  const auto has = [&](const char* name) { return reader.take(name).has_value(); };
  const bool has_one = has("command") != has("probe");
  if (!has_one) {
    findings.error(*at, "exactly one of 'command' and 'probe' must say how to evaluate",
                   "write `command: [PROGRAM]`, or `probe: mlp` with `data: FILE`");
  }
  read_command(reader, evaluate, findings);
  read_probe(reader, evaluate, findings);
  read_metrics(reader, evaluate, findings);
  take_choice<bool>(reader, "mode", mode_words, evaluate.minimizes, findings);
  read_limits(reader, evaluate, findings);
  if (may_have_final) {
    reader.refuse("report", "'report' is for `final:`; a search evaluates its candidates");
  } else {
    read_report(reader, evaluate, findings);
  }
  if (!may_have_final) {
    reader.refuse("final", "a `final` block has no `final` of its own");
  } else if (auto last = read_block(reader, "final", false, findings)) {
    evaluate.final = std::make_shared<const Evaluate>(std::move(*last));
  }
  reader.finish();
  if (!has_one) return std::nullopt;
  return evaluate;
}

}  // namespace

std::optional<Evaluate> read_evaluate(MappingReader& recipe, Findings& findings) {
  return read_block(recipe, "evaluate", true, findings);
}

}  // namespace stockpot::recipe
