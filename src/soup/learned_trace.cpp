#include "soup/learned_trace.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "stockpot/base/error.hpp"

namespace stockpot::soup {
namespace {

using nlohmann::ordered_json;

/// [rows, models] as a list of rows.
ordered_json rows_of(const std::vector<double>& values, std::size_t rows) {
  ordered_json list = ordered_json::array();
  const auto models = static_cast<std::ptrdiff_t>(values.size() / rows);
  for (auto row = values.begin(); row != values.end(); row += models) {
    list.push_back(std::vector<double>(row, row + models));
  }
  return list;
}

ordered_json timeless(ordered_json line) {
  if (line.is_object()) {
    line.erase("seconds");
    line.erase("worker");
  }
  return line;
}

}  // namespace

std::string learn_line(std::uint64_t number, const CoefficientGroups& groups, const LearnedParameters& before,
                       const LearnedGradient& gradient, bool logs_gradients, double seconds) {
  ordered_json line{{"candidate", number}, {"phase", "learn"}};
  if (number == 0) line["groups"] = groups.names;
  line["loss"] = gradient.loss;
  line["alpha"] = rows_of(before.alpha, groups.names.size());
  line["beta"] = before.beta;
  if (logs_gradients) {
    line["gradient"] = rows_of(gradient.alpha, groups.names.size());
    line["gradient_beta"] = gradient.beta;
  }
  line["decision"] = "step";
  line["seconds"] = seconds;
  line["worker"] = 0;
  return line.dump();
}

std::string final_line(const TraceEntry& entry, const LearnedWinner& soup) {
  ordered_json line;
  const ordered_json all = to_json(entry, soup.coefficients.begin()->second.size());
  for (const auto& [key, value] : all.items()) {
    if (key == "parameters") {
      line["coefficients"] = soup.coefficients;
      line["beta"] = soup.beta;
    } else {
      line[key] = value;
    }
  }
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string to_line(const LearnedGradient& gradient) {
  return ordered_json{{"loss", gradient.loss}, {"alpha", gradient.alpha}, {"beta", gradient.beta}}.dump();
}

LearnedGradient gradient_of(const std::string& line, std::size_t coefficients, const std::string& file) {
  try {
    const auto json = nlohmann::json::parse(line);
    LearnedGradient gradient{json.at("loss").get<double>(), json.at("alpha").get<std::vector<double>>(),
                             json.at("beta").get<double>()};
    if (gradient.alpha.size() == coefficients) return gradient;
  } catch (const nlohmann::json::exception&) {
    throw Error(ExitCode::input, "has a line that is no gradient of a learned soup", {file, ""});
  }
  throw Error(ExitCode::input, "has a gradient of another number of coefficients", {file, ""});
}

LearnedTrace::LearnedTrace(const std::filesystem::path& trace, const std::filesystem::path& gradients,
                           const Digest& data)
    : trace_(trace), gradients_(gradients) {
  if (gradients_.lines().empty()) {
    gradients_.add(data.hex());
  } else if (gradients_.lines().front() != data.hex()) {
    throw Error(ExitCode::usage, "was begun with other examples in `data`; --overwrite starts over",
                {trace.string(), ""});
  }
}

std::optional<ordered_json> LearnedTrace::line(std::uint64_t number) const {
  if (number >= trace_.lines().size()) return std::nullopt;
  ordered_json line = ordered_json::parse(trace_.lines()[number], nullptr, false);
  if (line.is_object()) return line;
  throw Error(ExitCode::input, fmt::format("line {} is no line of a trace", number + 1),
              {trace_.path().string(), ""});
}

std::string LearnedTrace::gradients() const {
  std::string text;
  for (std::size_t i = 1; i < gradients_.lines().size(); ++i) text += gradients_.lines()[i] + "\n";
  return text;
}

void LearnedTrace::add(std::uint64_t number, const std::string& text) {
  const std::optional<ordered_json> stored = line(number);
  if (!stored) return trace_.add(text);
  if (timeless(*stored) == timeless(ordered_json::parse(text))) return;
  throw Error(ExitCode::input, fmt::format("line {} is about another step than this soup takes", number + 1),
              {trace_.path().string(), ""});
}

void LearnedTrace::sync() const {
  gradients_.sync();
  trace_.sync();
}

}  // namespace stockpot::soup
