#include "cli/statistics_summary.hpp"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::cli {
namespace {

using nlohmann::json;

bool is_gram(io::StatisticKind kind) {
  return kind == io::StatisticKind::gram || kind == io::StatisticKind::gram_output;
}

json document_of(const engine::StatisticsSummary& summary, const std::string& out) {
  json document = {{"out", out},
                   {"model_digest", summary.header.model_digest.hex()},
                   {"examples", summary.header.examples.value_or(0)},
                   {"tokens", summary.header.tokens.value_or(0)},
                   {"labels", io::name(summary.header.labels)},
                   {"seconds", summary.seconds}};
  for (const engine::WrittenStatistic& written : summary.statistics) {
    document[io::name(written.kind)][written.name] = {
        {is_gram(written.kind) ? "tokens" : "examples", written.count}, {"shape", written.shape}};
  }
  return document;
}

std::string counts_of(const engine::StatisticsSummary& summary) {
  std::string text;
  for (const std::string& kind : io::statistic_kind_names()) {
    std::size_t count = 0;
    for (const engine::WrittenStatistic& written : summary.statistics) {
      count += io::name(written.kind) == kind ? 1U : 0U;
    }
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, kind);
  }
  return text;
}

}  // namespace

void print_statistics(const engine::StatisticsSummary& summary, const std::string& out, bool as_json) {
  if (as_json) {
    std::cout << document_of(summary, out).dump(2, ' ', false, json::error_handler_t::replace) << std::endl;
    return;
  }
  std::cout << fmt::format("{}: {} ({} examples, {} tokens), {:.2f} s, {} read\n", out, counts_of(summary),
                           summary.header.examples.value_or(0), summary.header.tokens.value_or(0),
                           summary.seconds, format_size(summary.read_bytes))
            << std::flush;
}

std::string required_option(const Parsed& parsed, const std::string& command, const std::string& option,
                            const std::string& meaning) {
  if (parsed.values.count(option) > 0) return parsed.values[option].as<std::string>();
  throw Error(ExitCode::usage, fmt::format("stockpot {} needs --{} {}", command, option, meaning));
}

}  // namespace stockpot::cli
