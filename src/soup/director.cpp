#include "soup/director.hpp"

#include <utility>
#include <vector>

namespace stockpot::soup {

Director::Director(std::unique_ptr<Search> search, TraceFile& trace,
                   std::function<void(const TraceEntry&)> told)
    : search_(std::move(search)), trace_(trace), told_(std::move(told)) {
  for (const StoredEvaluation& stored : trace.stored()) {
    if (stored.phase != Phase::final)
      known_.emplace(Key{stored.number, stored.candidate.key()}, stored.outcome);
  }
  advance();
}

std::optional<PlannedEvaluation> Director::begin_next(std::size_t ahead) {
  const auto key_of = [this](const Foreseen& foreseen) {
    return Key{entries_ + foreseen.steps, foreseen.candidate.key()};
  };
  const auto known = [&](const Foreseen& foreseen) -> const Outcome* {
    const auto found = known_.find(key_of(foreseen));
    return found == known_.end() ? nullptr : &found->second;
  };
  for (const Foreseen& foreseen : foresee(*search_, ahead, known)) {
    if (!under_way_.insert(key_of(foreseen)).second) continue;
    return PlannedEvaluation{entries_ + foreseen.steps, foreseen.candidate};
  }
  return std::nullopt;
}

void Director::learn(const PlannedEvaluation& evaluation, Outcome outcome) {
  const Key key{evaluation.number, evaluation.candidate.key()};
  under_way_.erase(key);
  known_.insert_or_assign(key, std::move(outcome));
  advance();
}

void Director::advance() {
  while (const std::optional<Candidate> wanted = search_->next()) {
    const auto found = known_.find(Key{entries_, wanted->key()});
    if (found == known_.end()) return;
    TraceEntry entry = search_->take(found->second);
    if (geometry_) entry.geometry = geometry_(entry.candidate);
    trace_.add(entry);
    if (told_ && entry.number >= trace_.stored().size()) told_(entry);
    best_ = entry.best;
    ++entries_;
  }
}

}  // namespace stockpot::soup
