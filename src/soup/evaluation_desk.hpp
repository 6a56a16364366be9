#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "soup/evaluation_slot.hpp"
#include "soup/probe_evaluator.hpp"
#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/candidate_maker.hpp"
#include "stockpot/io/scratch_folder.hpp"
#include "stockpot/recipe/search.hpp"
#include "stockpot/soup/evaluator.hpp"

namespace stockpot::soup {

/// The evaluators of a search, spread over the ranks: evaluator w belongs to rank w mod ranks. All calls are
/// collective, in the same order on every rank.
class EvaluationDesk {
 public:
  /// `split`: what programs are told the data are for. `logs`: where their standard error goes.
  EvaluationDesk(comm::Communicator& world, engine::CandidateMaker& maker, const recipe::Evaluate& evaluate,
                 std::string split, std::filesystem::path logs);

  [[nodiscard]] std::uint64_t workers() const { return evaluate_.workers; }
  /// Hands the candidate that the maker holds to an evaluator that has none. Returns while it is at work.
  void begin(std::uint64_t worker, std::uint64_t number);
  /// What has ended since the last call, on every rank. Throws on all what an evaluation threw.
  std::vector<Outcome> take();
  /// Lets time pass where something is under way on this rank, until it ends or `longest` is over. Local.
  void wait(std::chrono::milliseconds longest);

 private:
  [[nodiscard]] int home_of(std::uint64_t worker) const;
  [[nodiscard]] bool runs_programs_here() const;
  /// Local. What an evaluator of this rank has to do for a candidate in memory, or in a folder.
  [[nodiscard]] EvaluationSlot::Work probe_work(probe::Parameters tensors) const;
  [[nodiscard]] EvaluationSlot::Work program_work(std::uint64_t worker, std::uint64_t number,
                                                  std::shared_ptr<const io::ScratchFolder> folder) const;

  comm::Communicator& world_;
  engine::CandidateMaker& maker_;
  recipe::Evaluate evaluate_;
  std::string split_;
  std::unique_ptr<ProbeData> data_;                   ///< of a probe
  std::vector<std::unique_ptr<Evaluator>> programs_;  ///< by worker; null for those of other ranks
  EvaluationBell bell_;
  std::vector<std::unique_ptr<EvaluationSlot>> slots_;  ///< by worker; last: they end before what they use
};

}  // namespace stockpot::soup
