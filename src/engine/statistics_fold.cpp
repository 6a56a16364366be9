#include "engine/statistics_fold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "engine/statistics_fit.hpp"

namespace stockpot::engine {
namespace {

using Files = std::vector<const io::StatisticsFile*>;
using Key = std::pair<io::StatisticKind, std::string>;

StatisticPlace place_of(const Files& files, const FoldedStatistic::Term& term) {
  return {files[term.file]->path(), term.statistic->data.object};
}

bool is_gram(io::StatisticKind kind) {
  return kind == io::StatisticKind::gram || kind == io::StatisticKind::gram_output;
}

void check_headers(const Files& files, bool complete) {
  const io::StatisticsHeader& first = files.front()->header();
  for (const io::StatisticsFile* file : files) {
    const io::StatisticsHeader& own = file->header();
    const StatisticPlace place{file->path(), "/"};
    if (own.model_digest != first.model_digest) {
      refuse_statistic(place, fmt::format("is of another model: its model_digest is {}, that of {} is {}",
                                          own.model_digest.hex(), files.front()->path().string(),
                                          first.model_digest.hex()));
    }
    const bool any = own.labels == io::Labels::none || first.labels == io::Labels::none;
    if (own.labels != first.labels && (complete || !any)) {
      refuse_statistic(place, fmt::format("attribute 'labels' is '{}', but '{}' in {}", io::name(own.labels),
                                          io::name(first.labels), files.front()->path().string()));
    }
  }
}

void require_everywhere(const Files& files, const std::vector<FoldedStatistic::Term>& terms) {
  if (terms.size() == files.size()) return;
  std::size_t missing = 0;
  while (missing < terms.size() && terms[missing].file == missing) ++missing;
  const FoldedStatistic::Term& first = terms.front();
  refuse_statistic({files[missing]->path(), first.statistic->data.object},
                   "is missing, but " + files[first.file]->path().string() + " has it");
}

void check_terms(const Files& files, const std::vector<FoldedStatistic::Term>& terms) {
  const io::Statistic& first = *terms.front().statistic;
  std::uint64_t total = 0;
  for (const FoldedStatistic::Term& term : terms) {
    const io::Statistic& own = *term.statistic;
    const bool same_shape = own.kind == io::StatisticKind::fisher ? own.data.shape == first.data.shape
                                                                  : own.dimension == first.dimension;
    if (!same_shape || own.weight_layout != first.weight_layout) {
      refuse_statistic(place_of(files, term), "differs in shape or weight_layout from that in " +
                                                  files[terms.front().file]->path().string());
    }
    if (!own.count && terms.size() > 1) {
      refuse_statistic(place_of(files, term), fmt::format("says nowhere how many {} it is a mean over",
                                                          is_gram(own.kind) ? "tokens" : "examples"));
    }
    total += term.count;
  }
  if (total == 0 && terms.size() > 1) {
    refuse_statistic(place_of(files, terms.front()), "is a mean over nothing in every file");
  }
}

DType stored_type(const std::vector<FoldedStatistic::Term>& terms, const FoldRules& rules) {
  const bool is_fisher = terms.front().statistic->kind == io::StatisticKind::fisher;
  const bool has_new = terms.back().file >= rules.first_new;
  if (has_new && rules.asked) return *rules.asked;
  if (terms.front().file >= rules.first_new) return is_fisher ? rules.fisher : rules.matrix;
  const bool has_double = std::any_of(terms.begin(), terms.end(), [&](const FoldedStatistic::Term& term) {
    return term.file < rules.first_new && term.statistic->data.dtype == DType::f64;
  });
  return has_double ? DType::f64 : DType::f32;
}

io::NewStatistic stored_form(const std::vector<FoldedStatistic::Term>& terms, const FoldRules& rules) {
  const io::Statistic& first = *terms.front().statistic;
  io::NewStatistic stored;
  stored.kind = first.kind;
  stored.name = first.name;
  stored.shape = first.kind == io::StatisticKind::fisher ? first.data.shape : Shape{first.dimension};
  stored.dtype = stored_type(terms, rules);
  stored.layout = rules.layout;
  stored.weight_layout = first.weight_layout;
  for (const FoldedStatistic::Term& term : terms) stored.count += term.count;
  return stored;
}

/// Counts of the root: of what Fisher values are a mean over, else of all examples; of the longest Gram.
void count_header(const Files& files, Fold& fold) {
  std::uint64_t all_examples = 0;
  std::uint64_t fisher_examples = 0;
  std::uint64_t tokens = 0;
  for (const io::StatisticsFile* file : files) all_examples += file->header().examples.value_or(0);
  for (const FoldedStatistic& folded : fold.statistics) {
    const std::uint64_t count = folded.stored.count;
    if (folded.stored.kind == io::StatisticKind::fisher) fisher_examples = std::max(fisher_examples, count);
    if (is_gram(folded.stored.kind)) tokens = std::max(tokens, count);
  }
  fold.header.examples = fisher_examples > 0 ? fisher_examples : all_examples;
  fold.header.tokens = tokens;
}

}  // namespace

std::vector<io::NewStatistic> Fold::stored() const {
  std::vector<io::NewStatistic> all;
  for (const FoldedStatistic& folded : statistics) all.push_back(folded.stored);
  return all;
}

Fold plan_fold(const Files& files, const FoldRules& rules) {
  check_headers(files, rules.complete);
  std::map<Key, std::vector<FoldedStatistic::Term>> terms_of;
  for (std::size_t f = 0; f < files.size(); ++f) {
    for (const io::Statistic& statistic : files[f]->statistics()) {
      terms_of[{statistic.kind, statistic.name}].push_back({f, &statistic, statistic.count.value_or(0)});
    }
  }
  Fold fold;
  fold.header = files.front()->header();
  for (const io::StatisticsFile* file : files) {
    if (fold.header.labels == io::Labels::none) fold.header.labels = file->header().labels;
  }
  // Names of one dataset in every file stay names of one dataset.
  std::map<std::pair<io::StatisticKind, std::vector<std::pair<std::size_t, std::uint64_t>>>, std::string>
      name_of_data;
  for (auto& [key, terms] : terms_of) {
    if (rules.complete) require_everywhere(files, terms);
    check_terms(files, terms);
    FoldedStatistic folded{stored_form(terms, rules), std::move(terms)};
    std::vector<std::pair<std::size_t, std::uint64_t>> data;
    for (const FoldedStatistic::Term& term : folded.terms) {
      data.emplace_back(term.file, term.statistic->data.address);
    }
    const bool has_bytes = folded.terms.front().statistic->data.elements > 0;
    if (key.first != io::StatisticKind::fisher && has_bytes) {
      const auto [first, is_new] = name_of_data.try_emplace({key.first, std::move(data)}, key.second);
      if (!is_new) folded.stored.shared_with = first->second;
    }
    fold.statistics.push_back(std::move(folded));
  }
  count_header(files, fold);
  return fold;
}

}  // namespace stockpot::engine
