#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "soup/attempts.hpp"
#include "soup/metric_reader.hpp"
#include "soup/worker_program.hpp"
#include "stockpot/io/log_file.hpp"
#include "stockpot/soup/evaluator.hpp"

namespace stockpot::soup {
namespace {

std::string request_for(const Evaluation& evaluation) {
  const nlohmann::ordered_json request = {
      {"candidate", evaluation.candidate},
      {"checkpoint", std::filesystem::absolute(evaluation.checkpoint).string()},
      {"split", evaluation.split}};
  return request.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

class WorkerEvaluator final : public Evaluator {
 public:
  WorkerEvaluator(const recipe::Evaluate& how, std::uint64_t number, const std::filesystem::path& logs)
      : how_(how), number_(number), log_path_(logs / fmt::format("worker-{}.log", number)) {}

  Outcome evaluate(const Evaluation& evaluation, const std::atomic<bool>& stop) override {
    return run_attempts(how_, number_, stop, [&](std::uint64_t attempt, const AttemptLimit& limit) {
      Reading reading = ask_once(evaluation, limit);
      if (!reading.failure.empty()) {
        log_->append(fmt::format("stockpot: failed attempt {} of candidate {} ({}): {}\n", attempt,
                                 evaluation.candidate, evaluation.split, reading.failure));
      }
      return reading;
    });
  }

 private:
  /// After anything but a good answer the worker is gone.
  Reading ask_once(const Evaluation& evaluation, const AttemptLimit& limit) {
    if (!log_) log_.emplace(log_path_);
    if (!worker_ || worker_->has_ended()) {
      worker_.reset();
      worker_ = std::make_unique<WorkerProgram>(how_.command, *log_);
    }
    try {
      WorkerProgram::Answer answer = worker_->ask(request_for(evaluation), limit);
      Reading reading = answer.failure.empty() ? read_metrics(answer.line, how_.metrics, evaluation.candidate)
                                               : Reading{{}, std::move(answer.failure)};
      if (!reading.failure.empty()) dismiss();
      return reading;
    } catch (...) {
      dismiss();
      throw;
    }
  }

  void dismiss() {
    worker_->kill();
    worker_.reset();
  }

  recipe::Evaluate how_;
  std::uint64_t number_;
  std::filesystem::path log_path_;
  std::optional<io::LogFile> log_;
  std::unique_ptr<WorkerProgram> worker_;
};

}  // namespace

std::unique_ptr<Evaluator> make_worker_evaluator(const recipe::Evaluate& how, std::uint64_t number,
                                                 const std::filesystem::path& logs) {
  return std::make_unique<WorkerEvaluator>(how, number, logs);
}

}  // namespace stockpot::soup
