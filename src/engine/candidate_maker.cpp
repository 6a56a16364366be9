#include "stockpot/engine/candidate_maker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "engine/candidate_memory.hpp"
#include "engine/candidate_shares.hpp"
#include "engine/job.hpp"
#include "engine/lane_pass.hpp"
#include "engine/model_folder.hpp"
#include "engine/output_files.hpp"
#include "engine/resident_models.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/stop_request.hpp"
#include "stockpot/plan/resolve.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::engine {
namespace {

/// Collective. The files beside the weights, on every rank: candidates may be written where the models of
/// rank 0 aren't seen.
TextFiles share_companions(comm::Communicator& world, const recipe::Recipe& recipe,
                           const plan::MergePlan& plan, const plan::ModelSet& models) {
  nlohmann::json list = nlohmann::json::array();
  const std::string packed = comm::from_root(world, "companion files", [&] {
    for (auto& [name, text] : read_companions(recipe, plan, models, world.rank())) {
      list.push_back({name, nlohmann::json::binary({text.begin(), text.end()})});
    }
    const std::vector<std::uint8_t> bytes = nlohmann::json::to_cbor(list);
    return std::string(bytes.begin(), bytes.end());
  });
  TextFiles files;
  for (const nlohmann::json& entry : nlohmann::json::from_cbor(packed)) {
    const auto& bytes = entry[1].get_binary();
    files.emplace_back(entry[0].get<std::string>(), std::string(bytes.begin(), bytes.end()));
  }
  return files;
}

RunOptions without_progress(RunOptions options) {
  options.progress = {};
  options.statistics.clear();
  return options;
}

}  // namespace

class CandidateMaker::Implementation {
 public:
  Implementation(comm::Communicator& world, const plan::ModelSet& models, const Variant& widest,
                 const RunOptions& options, std::filesystem::path scratch_folder)
      : world_(world),
        models_(models),
        options_(without_progress(options)),
        scratch_folder_(std::move(scratch_folder)),
        memory_(std::make_shared<CandidateMemory>()) {
    if (options.plan.grid.columns != 1) {
      throw Error(ExitCode::usage, "candidates are formed by rows of layers: --grid must have one column");
    }
    comm::agree_after(world_, "plan", [&] {
      make_plan(widest, options.warn);
      options_.plan.pieces = plan_.pieces;
      memory_->prepare(plan_, models_, row());
    });
    load(widest);
    companions_ = share_companions(world_, widest.recipe, plan_, models_);
  }

  void form(const Variant& variant) {
    comm::agree_after(world_, "candidate", [&] {
      make_plan(variant, {});
      memory_->prepare(plan_, models_, row());
    });
    Job job(plan_, models_, *variant.method, options_, memory_, scratch_folder_);
    job.resident = &*resident_;
    job.keeps_records = false;
    if (run_lane_pass(world_, job) == PassEnd::stopped) raise_stopped(options_);
  }

  void write_folder(int home, const std::filesystem::path& folder) {
    std::optional<OutputFiles> files;
    comm::agree_after(world_, "candidate folder", [&] {
      if (world_.rank() != home) return;
      std::filesystem::create_directories(folder);
      create_output_files(folder, plan_.layout, plan_.tasks);
      write_checkpoint_files(folder, plan_, models_, false);
      write_companions(folder, companions_, false);
      files.emplace(folder, plan_.layout);
    });
    bring_together(world_, home, plan_, models_, *memory_,
                   [&](std::uint32_t file, std::uint64_t offset, std::span<const std::byte> bytes) {
                     files->write(file, offset, bytes);
                   });
  }

  [[nodiscard]] probe::Parameters tensors(int home) {
    std::vector<std::vector<std::byte>> files(plan_.layout.files.size());
    comm::agree_after(world_, "candidate", [&] {
      if (world_.rank() != home) return;
      for (std::size_t f = 0; f < files.size(); ++f) files[f].resize(plan_.layout.files[f].bytes);
    });
    bring_together(world_, home, plan_, models_, *memory_,
                   [&](std::uint32_t file, std::uint64_t offset, std::span<const std::byte> bytes) {
                     std::copy(bytes.begin(), bytes.end(),
                               files[file].begin() + static_cast<std::ptrdiff_t>(offset));
                   });
    probe::Parameters tensors;
    comm::agree_after(world_, "candidate", [&] {
      if (world_.rank() != home) return;
      for (const plan::TensorTask& task : plan_.tasks) {
        if (task.begins_tensor()) tensors.push_back(widened(task, files[task.file].data() + task.offset));
      }
    });
    return tensors;
  }

  [[nodiscard]] CandidateCounters counters() const {
    return {resident_->memory_bytes(), resident_->scratch_bytes(), memory_->size_bytes()};
  }

 private:
  [[nodiscard]] std::uint64_t row() const { return plan_.row_of(static_cast<std::uint64_t>(world_.rank())); }

  /// What is digested in a merge's own pass is not of a candidate's concern.
  void make_plan(const Variant& variant, const WarningSink& warn) {
    plan::ResolvedMerge resolved = plan::resolve(variant.recipe, *variant.method, models_, options_.dtype);
    raise_problems(resolved.problems, resolved.code, "the models don't fit together",
                   world_.is_root() ? warn : WarningSink{});
    std::erase_if(resolved.tasks, [](const plan::TensorTask& task) { return !task.writes(); });
    for (plan::TensorTask& task : resolved.tasks) {
      for (plan::InputRef& input : task.inputs) input.digests = false;
      if (task.anchor) task.anchor->digests = false;
      for (plan::InputRef& input : task.statistics) input.digests = false;
    }
    plan_ = plan::make_plan(variant.recipe, *variant.method, std::move(resolved), models_, options_.plan);
  }

  /// Memory that work and a candidate leave to the models.
  [[nodiscard]] std::optional<std::uint64_t> resident_limit() const {
    const std::optional<std::uint64_t>& limit = options_.plan.memory_bytes;
    if (!limit) return std::nullopt;
    const std::uint64_t needed = plan_.base_resident_bytes + plan_.buffers.bytes() +
                                 plan_.buffers.survey_bytes + memory_->size_bytes();
    if (needed <= *limit) return *limit - needed;
    throw Error(ExitCode::usage,
                fmt::format("--memory {} is too small for a candidate, of which this rank holds {}; {} works",
                            format_size(*limit), format_size(memory_->size_bytes()), format_size(needed)));
  }

  void load(const Variant& widest) {
    Job job(plan_, models_, *widest.method, options_, nullptr, scratch_folder_);
    comm::agree_after(world_, "memory of the models",
                      [&] { resident_.emplace(plan_, models_, row(), resident_limit(), scratch_folder_); });
    for (std::uint32_t model = 0; model < models_.size(); ++model) {
      comm::agree_after(world_, "models", [&] {
        resident_->load(job, model, options_.plan.threads);
        job.readers[model].check_unchanged();
      });
      check_stop_request(world_, options_);
    }
  }

  static probe::NamedTensor widened(const plan::TensorTask& task, const std::byte* data) {
    if (!is_output(task.dtype)) {
      throw Error(ExitCode::input, fmt::format("has dtype {}, which a probe can't take", name(task.dtype)),
                  {"", task.name});
    }
    probe::NamedTensor tensor{task.name, task.tensor_shape(), {}};
    tensor.values.resize(element_count(tensor.shape).value());
    for (std::size_t e = 0; e < tensor.values.size(); ++e) {
      tensor.values[e] = load_as_double(task.dtype, data, e);
    }
    return tensor;
  }

  comm::Communicator& world_;
  const plan::ModelSet& models_;
  RunOptions options_;
  std::filesystem::path scratch_folder_;
  plan::MergePlan plan_;
  std::shared_ptr<CandidateMemory> memory_;
  std::optional<ResidentModels> resident_;
  TextFiles companions_;
};

CandidateMaker::CandidateMaker(comm::Communicator& world, const plan::ModelSet& models, const Variant& widest,
                               const RunOptions& options, const std::filesystem::path& scratch_folder)
    : implementation_(std::make_unique<Implementation>(world, models, widest, options, scratch_folder)) {}
CandidateMaker::~CandidateMaker() = default;

void CandidateMaker::form(const Variant& variant) {
  implementation_->form(variant);
}
void CandidateMaker::write_folder(int home, const std::filesystem::path& folder) {
  implementation_->write_folder(home, folder);
}
probe::Parameters CandidateMaker::tensors(int home) {
  return implementation_->tensors(home);
}
CandidateCounters CandidateMaker::counters() const {
  return implementation_->counters();
}

}  // namespace stockpot::engine
