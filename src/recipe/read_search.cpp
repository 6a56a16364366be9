#include "recipe/read_search.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "recipe/read_space.hpp"
#include "recipe/read_sparsify.hpp"
#include "recipe/take_value.hpp"

namespace stockpot::recipe {
namespace {

template <typename Value, std::size_t n>
using Choices = std::array<std::pair<std::string_view, Value>, n>;

constexpr Choices<Strategy, 8> strategy_words{{{"uniform", Strategy::uniform},
                                               {"greedy", Strategy::greedy},
                                               {"learned", Strategy::learned},
                                               {"subset", Strategy::subset},
                                               {"grid", Strategy::grid},
                                               {"random", Strategy::random},
                                               {"cmaes", Strategy::cmaes},
                                               {"nlopt", Strategy::nlopt}}};
constexpr Choices<bool, 2> accept_words{{{">", false}, {">=", true}}};
constexpr Choices<bool, 2> ties_words{{{"last", true}, {"first", false}}};

using StrategyWord = std::pair<std::string_view, Strategy>;

std::string_view word_of(Strategy strategy) {
  return std::find_if(strategy_words.begin(), strategy_words.end(),
                      [&](const StrategyWord& word) { return word.second == strategy; })
      ->first;
}

/// What may search for the best of a method's models: which of them, or with which parameters.
std::vector<StrategyWord> strategies_of(const MethodSchema& method) {
  const auto with = [](std::initializer_list<Strategy> strategies) {
    std::vector<StrategyWord> words;
    for (const Strategy strategy : strategies) words.emplace_back(word_of(strategy), strategy);
    return words;
  };
  if (!method.strategy) return with({Strategy::grid, Strategy::random, Strategy::cmaes, Strategy::nlopt});
  if (*method.strategy == Strategy::learned) return with({Strategy::learned});
  if (*method.strategy == Strategy::greedy) return with({Strategy::greedy, Strategy::subset});
  return with({Strategy::uniform, Strategy::greedy, Strategy::subset});
}

std::optional<Strategy> read_strategy(MappingReader& reader, const ParseContext& context) {
  const std::optional<Cursor> at = reader.take("strategy");
  if (context.method == nullptr) {
    return at ? read_choice<Strategy>(*at, strategy_words, context.findings) : std::nullopt;
  }
  const std::vector<StrategyWord> allowed = strategies_of(*context.method);
  std::vector<std::string_view> words;
  for (const StrategyWord& word : allowed) words.push_back(word.first);
  if (!at) {
    if (!context.method->strategy) {
      context.findings.error(reader.at(), "'strategy' is missing",
                             fmt::format("{} takes {}", context.method->name, fmt::join(words, ", ")));
    }
    return context.method->strategy;
  }
  const auto strategy = read_choice<Strategy>(*at, strategy_words, context.findings);
  if (!strategy || std::any_of(allowed.begin(), allowed.end(),
                               [&](const StrategyWord& word) { return word.second == *strategy; })) {
    return strategy;
  }
  context.findings.error(*at, fmt::format("{} searches for no {}: strategies are {}", word_of(*strategy),
                                          context.method->name, fmt::join(words, ", ")));
  return std::nullopt;
}

/// How many models the recipe lists by itself.
std::optional<std::uint64_t> listed_models(const Cursor& root) {
  const auto& entries = root.node->entries;
  const auto models =
      std::find_if(entries.begin(), entries.end(), [](const YamlEntry& e) { return e.key == "models"; });
  if (models == entries.end() || models->value->kind != YamlNode::Kind::sequence) return std::nullopt;
  return models->value->items.size();
}

void read_learning(MappingReader& reader, Search& search, Findings& findings) {
  if (search.strategy != Strategy::learned) {
    for (const char* key : {"scope", "epochs", "batch_size", "learning_rate", "weight_decay", "shuffle",
                            "learn_temperature", "log_gradients"}) {
      reader.refuse(key, fmt::format("'{}' is for learned soups", key));
    }
    return;
  }
  take_choice<Scope>(reader, "scope", scope_words, search.scope, findings);
  take_count(reader, "epochs", 1, search.epochs, findings);
  take_count(reader, "batch_size", 0, search.batch_size, findings);
  take_amount(reader, "learning_rate", false, search.learning_rate, findings);
  take_amount(reader, "weight_decay", true, search.weight_decay, findings);
  take_flag(reader, "shuffle", search.shuffle, findings);
  take_flag(reader, "learn_temperature", search.learn_temperature, findings);
  take_flag(reader, "log_gradients", search.log_gradients, findings);
}

bool needs_space(Strategy strategy) {
  return strategy == Strategy::grid || strategy == Strategy::random || strategy == Strategy::cmaes ||
         strategy == Strategy::nlopt;
}

}  // namespace

std::optional<Search> read_search(MappingReader& recipe, const ParseContext& context) {
  const std::optional<Cursor> at = recipe.take("search");
  if (!at) {
    if (context.method == nullptr || !context.method->strategy) return std::nullopt;
    Search search;
    search.strategy = *context.method->strategy;
    return search;
  }
  MappingReader reader(*at, context.findings);
  if (!reader.is_mapping()) return std::nullopt;
  const std::optional<Strategy> strategy = read_strategy(reader, context);
  Search search;
  search.strategy = strategy.value_or(Strategy::grid);
  take_choice<bool>(reader, "accept", accept_words, search.accepts_equal, context.findings);
  take_choice<bool>(reader, "ties", ties_words, search.last_first, context.findings);
  take_count(reader, "budget", 1, search.budget, context.findings);
  take_flag(reader, "log_geometry", search.log_geometry, context.findings);
  const std::optional<Cursor> space = reader.take("space");
  if (strategy) {
    if (space) {
      search.space = read_space(*space, *strategy, listed_models(recipe.at()), context);
    } else if (needs_space(*strategy)) {
      context.findings.error(
          *at, fmt::format("'space' is missing: {} sets parameters of the method", word_of(*strategy)),
          "write `space: {PARAMETER: [VALUES]}`");
    }
    read_learning(reader, search, context.findings);
    reader.finish();
  }
  if (!strategy) return std::nullopt;
  return search;
}

std::set<std::string> searched_parameters(const Search& search, const Cursor& root) {
  const std::optional<std::uint64_t> models = listed_models(root);
  std::set<std::string> parameters;
  std::map<std::string, std::set<std::uint64_t>> models_of;
  for (const SpaceEntry& entry : search.space) {
    if (entry.filter) continue;
    if (entry.model) models_of[entry.parameter].insert(*entry.model);
    if (!entry.model || models_of[entry.parameter].size() == models) parameters.insert(entry.parameter);
  }
  return parameters;
}

void check_search(const Cursor& root, const Recipe& recipe, const ParseContext& context) {
  if (!recipe.search || context.method == nullptr) return;
  const std::string& method = context.method->name;
  const bool is_listed = recipe.modules.size() == 1 && recipe.modules[0].name.empty() && !recipe.has_slices();
  const bool finds_models = context.method->strategy && recipe.search->strategy != Strategy::uniform;
  if (finds_models && !is_listed) {
    context.findings.error(root, method + " chooses among `models:`, not among slices or modules");
  }
  const auto& entries = root.node->entries;
  const bool has_evaluate = std::any_of(entries.begin(), entries.end(), [](const YamlEntry& e) {
    return e.key == "evaluate" && e.value->kind != YamlNode::Kind::null;
  });
  if (recipe.search->strategy != Strategy::uniform && !has_evaluate) {
    context.findings.error(root, method + " needs an `evaluate:` block that scores its candidates",
                           "write `evaluate: {command: [PROGRAM]}` and use `stockpot soup`");
  }
  if (recipe.search->strategy == Strategy::learned && recipe.evaluate && !recipe.evaluate->command.empty()) {
    context.findings.error(root, "a learned soup needs gradients, which a command doesn't give",
                           "write `evaluate: {probe: mlp, data: FILE}`");
  }
  const bool is_learned = recipe.search->strategy == Strategy::learned;
  if (is_learned && recipe.evaluate && recipe.evaluate->final &&
      recipe.evaluate->final->report != std::vector{Reported::winner}) {
    context.findings.error(root, "a learned soup reports its winner alone", "remove `report`");
  }
  if (recipe.search->log_geometry && (is_learned || needs_space(recipe.search->strategy))) {
    context.findings.error(root, "'log_geometry' is for soups of whole models");
  }
}

}  // namespace stockpot::recipe
