#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/job.hpp"

namespace stockpot::engine {

/// Something that a lane does at a time.
struct WorkItem {
  enum class Kind { survey, merge };
  Kind kind = Kind::merge;
  std::uint32_t task = 0;
  std::uint64_t unit = 0;  ///< of a merge, and of a round that reads units; else the part of the matrices
  std::optional<method::ElementRange> range;  ///< of a round that reads ranges
  method::Reading reading = method::Reading::everything;
  std::size_t stage = 0;  ///< the schedule's own
};

/// A survey's work of one round on this rank: units, or the ranges that lie in them.
std::vector<WorkItem> survey_items(const Job& job, std::uint32_t scope,
                                   const std::vector<plan::Piece>& pieces);

/// Hands out a row's work in the order of its tasks. A scope that the row holds alone is surveyed round by
/// round and then merged, while other lanes go on with the next tasks, so that its elements are read again
/// soon after. Thread safe.
class WorkSchedule {
 public:
  /// `pieces`: of the row. Scopes that several ranks share must have been surveyed.
  WorkSchedule(Job& job, const std::vector<plan::Piece>& pieces);
  /// Waits for work; false when there is none left or the schedule was halted.
  bool next(WorkItem& item);
  /// The item is done. May end a round of its survey.
  void done(const WorkItem& item);
  /// Nothing more is handed out.
  void halt();

 private:
  /// Tasks that are merged together: a scope, or a piece on its own.
  struct Stage {
    std::optional<std::uint32_t> scope;   ///< to be surveyed here
    std::optional<std::uint32_t> closes;  ///< a survey that nothing else here needs any more
    std::vector<plan::Piece> pieces;
    std::deque<WorkItem> items;
    std::uint64_t under_way = 0;
    bool merges = false;  ///< the survey is complete, or there is none
  };

  [[nodiscard]] bool may_open(const Stage& stage) const;
  void open(std::size_t index);
  /// Fills in the next round, or the merge. Called without the lock; no other lane touches the stage then.
  void advance(std::size_t index);
  bool take(WorkItem& item);

  Job& job_;
  std::vector<Stage> stages_;
  std::deque<std::size_t> open_;  ///< stages under way, in order
  std::size_t next_stage_ = 0;
  bool halted_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace stockpot::engine
