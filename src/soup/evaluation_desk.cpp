#include "soup/evaluation_desk.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "soup/messages.hpp"
#include "stockpot/comm/agreement.hpp"

namespace stockpot::soup {

EvaluationDesk::EvaluationDesk(comm::Communicator& world, engine::CandidateMaker& maker,
                               const recipe::Evaluate& evaluate, std::string split,
                               std::filesystem::path logs)
    : world_(world),
      maker_(maker),
      evaluate_(evaluate),
      split_(std::move(split)),
      programs_(evaluate.workers),
      slots_(evaluate.workers) {
  comm::agree_after(world_, "evaluators", [&] {
    if (runs_programs_here()) io::remove_abandoned_scratch(evaluate_.scratch);
    for (std::uint64_t worker = 0; worker < workers(); ++worker) {
      if (home_of(worker) != world_.rank()) continue;
      slots_[worker] = std::make_unique<EvaluationSlot>(bell_);
      if (!evaluate_.probe.empty()) {
        if (!data_) data_ = std::make_unique<ProbeData>(evaluate_);
        continue;
      }
      programs_[worker] = evaluate_.worker ? make_worker_evaluator(evaluate_, worker, logs)
                                           : make_command_evaluator(evaluate_, worker, logs);
    }
  });
}

int EvaluationDesk::home_of(std::uint64_t worker) const {
  return static_cast<int>(worker % static_cast<std::uint64_t>(world_.size()));
}

bool EvaluationDesk::runs_programs_here() const {
  return evaluate_.probe.empty() && static_cast<std::uint64_t>(world_.rank()) < workers();
}

void EvaluationDesk::begin(std::uint64_t worker, std::uint64_t number) {
  const int home = home_of(worker);
  const bool is_home = home == world_.rank();
  EvaluationSlot::Work work;
  if (!evaluate_.probe.empty()) {
    work = probe_work(maker_.tensors(home));
  } else {
    std::shared_ptr<const io::ScratchFolder> folder;
    comm::agree_after(world_, "candidate folder", [&] {
      if (is_home) folder = std::make_shared<io::ScratchFolder>(evaluate_.scratch);
    });
    maker_.write_folder(home, is_home ? folder->path() : std::filesystem::path{});
    work = program_work(worker, number, std::move(folder));
  }
  comm::agree_after(world_, "evaluation", [&] {
    if (is_home) slots_[worker]->begin(std::move(work));
  });
}

EvaluationSlot::Work EvaluationDesk::probe_work(probe::Parameters tensors) const {
  return [this, tensors = std::move(tensors)](const std::atomic<bool>&) {
    return evaluate_probe(evaluate_, *data_, tensors);
  };
}

EvaluationSlot::Work EvaluationDesk::program_work(std::uint64_t worker, std::uint64_t number,
                                                  std::shared_ptr<const io::ScratchFolder> folder) const {
  return [this, worker, number, folder = std::move(folder)](const std::atomic<bool>& stop) {
    return programs_[worker]->evaluate({number, folder->path(), split_}, stop);
  };
}

std::vector<Outcome> EvaluationDesk::take() {
  nlohmann::json mine = nlohmann::json::array();
  comm::agree_after(world_, "evaluation", [&] {
    for (std::uint64_t worker = 0; worker < workers(); ++worker) {
      if (!slots_[worker]) continue;
      if (std::optional<Outcome> outcome = slots_[worker]->take()) {
        outcome->worker = worker;
        mine.push_back(*outcome);
      }
    }
  });
  std::vector<Outcome> finished;
  const std::string text = mine.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (const std::string& list : world_.all_gather(text, "outcomes")) {
    for (const nlohmann::json& outcome : nlohmann::json::parse(list)) {
      finished.push_back(outcome.get<Outcome>());
    }
  }
  return finished;
}

void EvaluationDesk::wait(std::chrono::milliseconds longest) {
  const bool has_any =
      std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) { return slot && slot->is_busy(); });
  if (has_any) bell_.wait(longest);
}

}  // namespace stockpot::soup
