#include "engine/shared_scopes.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>

#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/ordered_reduction.hpp"

namespace stockpot::engine {
namespace {

/// The ranks agree that all are well before they bring anything together: one that failed says so in
/// `end_round`'s last agreement while others wait in this one.
class CommReducer : public stats::Reducer {
 public:
  CommReducer(comm::Communicator& communicator, std::atomic<std::uint64_t>& given_bytes)
      : communicator_(communicator), given_bytes_(given_bytes) {}
  void add(std::span<std::uint64_t> counts) override {
    given_bytes_ += counts.size_bytes();
    meet();
    communicator_.all_reduce(counts, comm::ReduceOp::sum, "counts of a scope");
  }
  std::vector<double> total(const LeafSums& mine) override {
    given_bytes_ += mine.nodes().size() * mine.width() * sizeof(double);
    meet();
    return comm::reduce_leaves(communicator_, mine, "sums of a scope");
  }
  std::vector<std::uint64_t> gather(std::span<const std::uint64_t> mine) override {
    given_bytes_ += mine.size_bytes();
    meet();
    return communicator_.all_gather(mine, "statistics of a scope");
  }

 private:
  void meet() {
    comm::agree_after(communicator_, "statistics of a scope", [] {});
  }

  comm::Communicator& communicator_;
  std::atomic<std::uint64_t>& given_bytes_;
};

/// Collective over the scope's ranks, all of which throw what any of them does.
void end_round(comm::Communicator& communicator, method::Survey& survey, Job& job) {
  CommReducer reducer(communicator, job.counters.reduced_bytes);
  std::exception_ptr failure;
  try {
    survey.end_round(reducer);
  } catch (const comm::CollectiveError&) {
    throw;  // everyone's
  } catch (...) {
    failure = std::current_exception();
  }
  comm::agree(communicator, failure, "statistics of a scope");
}

/// Colors of the scopes that several rows share, in the order of their first rows: greedily, which takes the
/// fewest colors for intervals.
std::vector<SharedScope> color_scopes(const std::vector<plan::ScopeGroup>& groups) {
  std::vector<std::uint32_t> shared;
  for (std::uint32_t g = 0; g < groups.size(); ++g) {
    if (groups[g].is_shared_by_rows()) shared.push_back(g);
  }
  std::stable_sort(shared.begin(), shared.end(), [&groups](std::uint32_t a, std::uint32_t b) {
    return groups[a].first_row < groups[b].first_row;
  });
  std::vector<SharedScope> colored;
  std::vector<std::uint64_t> last_row_of_color;
  for (const std::uint32_t g : shared) {
    const auto free = std::find_if(last_row_of_color.begin(), last_row_of_color.end(),
                                   [&](std::uint64_t last_row) { return last_row < groups[g].first_row; });
    colored.push_back({g, static_cast<std::uint64_t>(free - last_row_of_color.begin())});
    if (free == last_row_of_color.end()) {
      last_row_of_color.push_back(groups[g].last_row);
    } else {
      *free = groups[g].last_row;
    }
  }
  return colored;
}

}  // namespace

SharedScopes::SharedScopes(comm::Communicator& world, comm::Communicator& row, Job& job)
    : world_(world), row_(row), job_(job) {
  const plan::MergePlan& plan = job.plan;
  const std::uint64_t my_row = plan.row_of(static_cast<std::uint64_t>(world.rank()));
  const std::vector<plan::ScopeGroup>& groups = plan.scopes.groups;
  for (std::uint32_t g = 0; plan.grid.columns > 1 && g < groups.size(); ++g) {
    if (!groups[g].is_shared_by_rows() && groups[g].first_row == my_row)
      own_row_.push_back({g, std::nullopt});
  }
  find_cut_scopes(my_row);
}

void SharedScopes::find_cut_scopes(std::uint64_t my_row) {
  const std::vector<plan::ScopeGroup>& groups = job_.plan.scopes.groups;
  std::uint64_t colors = 0;
  for (const SharedScope& shared : color_scopes(groups)) {
    colors = std::max(colors, *shared.color + 1);
    const plan::ScopeGroup& group = groups[shared.scope];
    if (group.first_row <= my_row && my_row <= group.last_row) cut_.push_back(shared);
  }
  // By color, the same on every rank, so that nobody waits in a circle.
  std::sort(cut_.begin(), cut_.end(),
            [](const SharedScope& a, const SharedScope& b) { return *a.color < *b.color; });
  for (std::uint64_t color = 0; color < colors; ++color) {
    // Ranks without a scope of this color form a group of their own, which nobody uses.
    int group = static_cast<int>(groups.size());
    for (const SharedScope& shared : cut_) {
      if (shared.color == color) group = static_cast<int>(shared.scope);
    }
    by_color_.push_back(world_.split(group, world_.rank(), "ranks of a scope"));
  }
}

bool SharedScopes::begin_batch() {
  constexpr std::size_t most_at_once = 16;
  const std::uint64_t limit = job_.plan.buffers.surveys_at_once;
  const std::size_t scopes_at_once = limit == 0 ? most_at_once : std::min<std::size_t>(most_at_once, limit);
  batch_.clear();
  // Every rank of a scope must give it the same memory: what one allows that has as many as any.
  std::size_t sharers = std::max<std::size_t>(1, by_color_.size());
  if (!cut_begun_) {
    cut_begun_ = true;
    batch_ = cut_;
  }
  if (batch_.empty()) {
    sharers = scopes_at_once;
    const std::size_t end = std::min(own_row_.size(), next_of_row_ + scopes_at_once);
    for (; next_of_row_ < end; ++next_of_row_) batch_.push_back(own_row_[next_of_row_]);
  }
  comm::agree_after(world_, "statistics", [&] {
    for (const SharedScope& shared : batch_) {
      job_.begin_survey(shared.scope, job_.plan.buffers.survey_bytes / sharers);
    }
  });
  std::uint64_t begun = batch_.size();
  world_.all_reduce(std::span(&begun, 1), comm::ReduceOp::sum, "scopes to survey");
  return begun > 0;
}

bool SharedScopes::any_unfinished() {
  auto unfinished = static_cast<std::uint64_t>(
      std::count_if(batch_.begin(), batch_.end(), [this](const SharedScope& shared) {
        return job_.surveys.at(shared.scope).next() != method::Reading::nothing;
      }));
  world_.all_reduce(std::span(&unfinished, 1), comm::ReduceOp::sum, "scopes to survey");
  return unfinished > 0;
}

void SharedScopes::end_round() {
  // Other scopes of this rank have other ranks, which wait for it whatever becomes of one scope.
  std::exception_ptr failure;
  for (const SharedScope& shared : batch_) {
    method::Survey& survey = job_.surveys.at(shared.scope);
    if (survey.next() == method::Reading::nothing) continue;
    try {
      engine::end_round(shared.color ? by_color_[*shared.color] : row_, survey, job_);
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  comm::agree(world_, failure, "statistics");
}

void SharedScopes::report() {
  // Findings are journaled: a disk may be full for one rank alone.
  comm::agree_after(world_, "statistics", [&] {
    for (const SharedScope& shared : batch_) job_.finish_survey(shared.scope);
  });
}

}  // namespace stockpot::engine
