#include "stockpot/engine/statistics_job.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/statistics_collection.hpp"
#include "engine/statistics_fit.hpp"
#include "engine/statistics_fold.hpp"
#include "engine/statistics_output.hpp"
#include "engine/statistics_run.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/content_scan.hpp"
#include "stockpot/engine/load_checkpoint.hpp"

namespace stockpot::engine {
namespace {

constexpr const char* collected_name = "collected.h5";

void check_job(const StatisticsJob& job) {
  if (job.samples.empty() != job.probe.has_value()) {
    throw Error(ExitCode::usage, "statistics are taken either of samples or of a model that is run");
  }
  if (job.dtype && job.dtype != DType::f32 && job.dtype != DType::f64) {
    throw Error(ExitCode::usage, "statistics are stored as float32 or float64");
  }
}

/// One job, step by step; each step is collective.
class StatisticsCollector {
 public:
  StatisticsCollector(comm::Communicator& world, const StatisticsJob& job, const RunOptions& options)
      : world_(world), job_(job), options_(options), run_(world) {}

  StatisticsSummary run() {
    open();
    StepProgress progress(options_, total_bytes());
    check_digests(progress);
    StatisticsOutput output(world_, job_.output, options_.durability);
    collection_.header.model_digest = digest_;
    auto writer = output.create(job_.extend ? collected_name : statistics_file_name, collection_.header,
                                collection_.statistics());
    write_collection(world_, collection_, *writer, limits_, progress);
    check_unchanged();
    if (job_.extend) writer = fold(output, std::move(writer), progress);
    output.publish(statistics_file_name, *writer);
    return run_.summary(writer->file());
  }

 private:
  void open() {
    ReadOptions read;
    read.warn = options_.warn;
    model_ = load_checkpoint(world_, job_.model, read);
    comm::agree_after(world_, "samples", [&] {
      check_job(job_);
      StatisticsStorage storage{job_.dtype.value_or(DType::f64), job_.dtype.value_or(DType::f32), layout()};
      if (job_.extend) storage.matrix = storage.fisher = DType::f64;  // rounded when both are one
      collection_ =
          job_.probe ? collect_probed(job_, model_, storage) : collect_samples(job_, model_, storage);
    });
    comm::agree_after(world_, "existing statistics", [&] {
      if (!job_.extend) return;
      const io::FileIdentity identity = io::identify(io::File::open_to_read(job_.output));
      existing_ = std::make_unique<io::StatisticsFile>(io::StatisticsFile::open(job_.output));
      require_fit(model_, *existing_);
      // Another job may replace it before the output is this one's alone.
      collection_.inputs.push_back({job_.output, identity, existing_->header().model_digest});
    });
    comm::agree_after(world_, "memory", [&] {
      const std::uint64_t least =
          std::max(collection_.least_bytes(world_.size()), least_fold_bytes(most_rows()));
      limits_ = statistics_limits(options_, model_.tensors.size(), least);
    });
  }

  [[nodiscard]] io::TriangleLayout layout() const {
    return job_.full ? io::TriangleLayout::full : io::TriangleLayout::lower;
  }

  [[nodiscard]] std::uint64_t most_rows() const {
    std::uint64_t most = 0;
    for (const CollectedMatrix& matrix : collection_.matrices) {
      most = std::max(most, matrix.statistic.shape.front());
    }
    if (!existing_) return most;
    for (const io::Statistic& statistic : existing_->statistics()) most = std::max(most, statistic.dimension);
    return most;
  }

  [[nodiscard]] std::uint64_t total_bytes() const {
    const std::uint64_t folded = existing_ ? 2 * existing_->bytes() : 0;
    return model_.total_bytes() + collection_.work_bytes() + folded;
  }

  void check_digests(StepProgress& progress) {
    digest_ = digest_model(world_, model_, progress.next(model_.total_bytes(), limits_.threads));
    comm::agree_after(world_, "model_digest", [&] {
      for (const Collection::Input& input : collection_.inputs) {
        if (input.model_digest) require_own(input.path, *input.model_digest);
      }
    });
  }

  void require_own(const std::filesystem::path& file, const Digest& claimed) const {
    if (claimed == digest_) return;
    throw Error(ExitCode::input,
                "is of another model: its model_digest is " + claimed.hex() + ", that of " +
                    quote(model_.reference) + " is " + digest_.hex(),
                {file.string(), ""});
  }

  void check_unchanged() {
    comm::agree_after(world_, "end of samples", [&] {
      for (const Collection::Input& input : collection_.inputs) require_unchanged(input.path, input.identity);
    });
  }

  std::unique_ptr<io::StatisticsWriter> fold(StatisticsOutput& output,
                                             std::unique_ptr<io::StatisticsWriter> collected,
                                             StepProgress& progress) {
    const std::unique_ptr<io::StatisticsFile> added = output.reopen(collected_name, std::move(collected));
    const std::vector<const io::StatisticsFile*> files{existing_.get(), added.get()};
    Fold fold;
    comm::agree_after(world_, "pairing statistics", [&] {
      FoldRules rules;
      rules.complete = false;
      rules.layout = layout();
      rules.first_new = 1;
      rules.asked = job_.dtype;
      rules.matrix = job_.dtype.value_or(rules.matrix);
      rules.fisher = job_.dtype.value_or(rules.fisher);
      fold = plan_fold(files, rules);
    });
    auto writer = output.create(statistics_file_name, fold.header, fold.stored());
    write_fold(world_, fold, files, *writer, limits_, progress);
    return writer;
  }

  comm::Communicator& world_;
  const StatisticsJob& job_;
  const RunOptions& options_;
  StatisticsRun run_;
  checkpoint::Checkpoint model_;
  Collection collection_;
  std::unique_ptr<io::StatisticsFile> existing_;  ///< with `extend`
  StatisticsLimits limits_;
  Digest digest_;
};

}  // namespace

StatisticsSummary collect_statistics(comm::Communicator& world, const StatisticsJob& job,
                                     const RunOptions& options) {
  return begins_anew(job.output, [&] { return StatisticsCollector(world, job, options).run(); });
}

}  // namespace stockpot::engine
