#include "engine/scope_communicators.hpp"

#include <algorithm>
#include <limits>

#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/ordered_reduction.hpp"

namespace stockpot::engine {
namespace {

class CommReducer : public stats::Reducer {
 public:
  explicit CommReducer(comm::Communicator& communicator) : communicator_(communicator) {}
  void add(std::span<std::uint64_t> counts) override {
    communicator_.all_reduce(counts, comm::ReduceOp::sum, "counts of a scope");
  }
  std::vector<double> total(const LeafSums& mine) override {
    return comm::reduce_leaves(communicator_, mine, "sums of a scope");
  }
  std::vector<std::uint64_t> gather(std::span<const std::uint64_t> mine) override {
    return communicator_.all_gather(mine, "statistics of a scope");
  }

 private:
  comm::Communicator& communicator_;
};

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

ScopeCommunicators::ScopeCommunicators(comm::Communicator& world, comm::Communicator& row,
                                       const plan::MergePlan& plan)
    : world_(world), row_(row) {
  const std::uint64_t my_row = plan.row_of(static_cast<std::uint64_t>(world.rank()));
  const std::vector<plan::ScopeGroup>& groups = plan.scopes.groups;
  for (std::uint32_t g = 0; plan.grid.columns > 1 && g < groups.size(); ++g) {
    if (!groups[g].is_shared_by_rows() && groups[g].first_row == my_row) mine_.push_back({g, std::nullopt});
  }
  std::uint64_t colors = 0;
  std::vector<SharedScope> cut;
  for (const SharedScope& shared : color_scopes(groups)) {
    colors = std::max(colors, *shared.color + 1);
    const plan::ScopeGroup& group = groups[shared.scope];
    if (group.first_row <= my_row && my_row <= group.last_row) cut.push_back(shared);
  }
  // By color, the same on every rank, so that nobody waits in a circle.
  std::sort(cut.begin(), cut.end(),
            [](const SharedScope& a, const SharedScope& b) { return *a.color < *b.color; });
  for (std::uint64_t color = 0; color < colors; ++color) {
    // Ranks without a scope of this color form a group of their own, which nobody uses.
    int group = static_cast<int>(groups.size());
    for (const SharedScope& shared : cut) {
      if (shared.color == color) group = static_cast<int>(shared.scope);
    }
    by_color_.push_back(world.split(group, world.rank(), "ranks of a scope"));
  }
  mine_.insert(mine_.end(), cut.begin(), cut.end());
}

void ScopeCommunicators::begin(Job& job) const {
  for (const SharedScope& shared : mine_) {
    job.surveys.begin(shared.scope, job.plan.buffers.survey_bytes / mine_.size());
  }
}

bool ScopeCommunicators::any_unfinished(const Job& job) {
  auto unfinished =
      static_cast<std::uint64_t>(std::count_if(mine_.begin(), mine_.end(), [&job](const SharedScope& shared) {
        return job.surveys.at(shared.scope).next() != method::Reading::nothing;
      }));
  world_.all_reduce(std::span(&unfinished, 1), comm::ReduceOp::sum, "scopes to survey");
  return unfinished > 0;
}

void ScopeCommunicators::end_rounds(Job& job) {
  comm::agree_after(world_, "statistics", [&] {
    for (const SharedScope& shared : mine_) {
      method::Survey& survey = job.surveys.at(shared.scope);
      if (survey.next() == method::Reading::nothing) continue;
      CommReducer reducer(shared.color ? by_color_[*shared.color] : row_);
      survey.end_round(reducer);
    }
  });
}

void ScopeCommunicators::report(Job& job) const {
  for (const SharedScope& shared : mine_) job.surveys.report(shared.scope);
}

}  // namespace stockpot::engine
