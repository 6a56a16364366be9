#include "soups_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

#include "child_process.hpp"
#include "model_files.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/comm/threads.hpp"
#include "stockpot/engine/candidate_maker.hpp"
#include "stockpot/engine/plan_job.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/kernel/linear_form.hpp"
#include "stockpot/method/catalog.hpp"
#include "stockpot/probe/mlp.hpp"
#include "stockpot/recipe/recipe.hpp"
#include "stockpot/soup/soup_job.hpp"

namespace stockpot::bench {
namespace {

namespace fs = std::filesystem;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Calls `work(first, end)` for a share of `count` on each of some threads.
void on_threads(int threads, std::uint64_t count,
                const std::function<void(std::uint64_t, std::uint64_t)>& work) {
  constexpr std::uint64_t line_elements = 64;
  const auto shares = static_cast<std::uint64_t>(threads);
  const std::uint64_t share = (count / shares + line_elements) / line_elements * line_elements;
  std::vector<std::jthread> running;
  for (std::uint64_t t = 0; t < shares; ++t) {
    running.emplace_back(work, std::min(count, t * share), std::min(count, (t + 1) * share));
  }
}

/// What a candidate is measured against: memory (and a file) of the size of two models, in which the
/// ingredients of one lie at different places.
class Pass {
 public:
  Pass(std::uint64_t model_bytes, int threads, const fs::path& file, std::uint64_t file_bytes)
      : threads_(threads), bytes_(model_bytes), data_(2 * model_bytes), output_(model_bytes) {
    constexpr std::uint16_t one = 0x3f80;  // as bf16
    for (std::uint64_t i = 0; i + 1 < data_.size(); i += 2) std::memcpy(&data_[i], &one, sizeof one);
    if (file_bytes == 0) return;
    file_.emplace(io::File::create_new(file));
    file_->write_all(0, std::span(data_).first(2 * file_bytes));
    file_bytes_ = file_bytes;
  }

  /// Reads what `ingredients` models have: in memory, and in the file if there is one.
  void read(std::uint64_t ingredients) {
    const std::uint64_t held_bytes = bytes_ - file_bytes_;
    for (std::uint64_t i = 0; i < ingredients; ++i) {
      const std::byte* const from = place(i, ingredients);
      on_threads(threads_, held_bytes / sizeof(std::uint64_t), [&](std::uint64_t first, std::uint64_t end) {
        std::uint64_t sum = 0;
        for (std::uint64_t word = first; word < end; ++word) {
          std::uint64_t value = 0;
          std::memcpy(&value, from + word * sizeof value, sizeof value);
          sum += value;
        }
        sink_ += sum;
      });
      if (!file_) continue;
      on_threads(threads_, file_bytes_, [&](std::uint64_t first, std::uint64_t end) {
        std::vector<std::byte> buffer(std::size_t{1} << 20);
        for (std::uint64_t at = first; at < end; at += buffer.size()) {
          file_->read_exact(shift(i, ingredients, file_bytes_) + at,
                            std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), end - at)));
        }
      });
    }
  }
  /// Averages them, in one loop over all elements, which has what the file holds read for it.
  void average(std::uint64_t ingredients) {
    kernel::LinearForm form;
    form.weights.assign(ingredients, 1.0);
    form.divisor = static_cast<double>(ingredients);
    const std::uint64_t held = (bytes_ - file_bytes_) / 2;
    on_threads(threads_, held, [&](std::uint64_t first, std::uint64_t end) {
      for_tiles(first, end, [&](std::uint64_t at, std::uint64_t count) {
        std::vector<kernel::TypedInput> inputs;
        for (std::uint64_t i = 0; i < ingredients; ++i) {
          inputs.push_back({DType::bf16, place(i, ingredients) + 2 * at});
        }
        kernel::linear_form(form, inputs, {}, {DType::bf16, output_.data() + 2 * at}, count);
      });
    });
    on_threads(threads_, file_bytes_ / 2, [&](std::uint64_t first, std::uint64_t end) {
      std::vector<std::byte> buffer(2 * tile_elements * ingredients);
      for_tiles(first, end, [&](std::uint64_t at, std::uint64_t count) {
        std::vector<kernel::TypedInput> inputs;
        for (std::uint64_t i = 0; i < ingredients; ++i) {
          const std::span<std::byte> tile = std::span(buffer).subspan(2 * tile_elements * i, 2 * count);
          file_->read_exact(shift(i, ingredients, file_bytes_) + 2 * at, tile);
          inputs.push_back({DType::bf16, tile.data()});
        }
        kernel::linear_form(form, inputs, {}, {DType::bf16, output_.data() + 2 * (held + at)}, count);
      });
    });
  }

 private:
  static constexpr std::uint64_t tile_elements = std::uint64_t{1} << 18;

  static void for_tiles(std::uint64_t first, std::uint64_t end,
                        const std::function<void(std::uint64_t, std::uint64_t)>& work) {
    for (std::uint64_t at = first; at < end; at += tile_elements) work(at, std::min(tile_elements, end - at));
  }
  static std::uint64_t shift(std::uint64_t ingredient, std::uint64_t ingredients, std::uint64_t bytes) {
    return ingredient * bytes / ingredients / 64 * 64;
  }
  [[nodiscard]] const std::byte* place(std::uint64_t ingredient, std::uint64_t ingredients) const {
    return data_.data() + shift(ingredient, ingredients, bytes_);
  }

  int threads_;
  std::uint64_t bytes_;
  std::vector<std::byte> data_;
  std::vector<std::byte> output_;
  std::optional<io::File> file_;
  std::uint64_t file_bytes_ = 0;
  std::atomic<std::uint64_t> sink_{0};
};

fs::path make_models(const SoupsBenchOptions& options) {
  const fs::path folder = options.scratch / "models";
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "make_checkpoints";
  const std::uint64_t hidden = options.hidden;
  const std::uint64_t heads = std::max<std::uint64_t>(1, hidden / 64);
  run_checked({program.string(), "--out", folder.string(), "--models", std::to_string(options.models),
               "--layers", std::to_string(options.layers), "--hidden", std::to_string(hidden),
               "--intermediate", std::to_string(hidden * 11 / 4), "--vocab", std::to_string(hidden * 125 / 8),
               "--heads", std::to_string(heads), "--kv-heads",
               std::to_string(std::min<std::uint64_t>(4, heads)), "--dtype", "bf16"},
              "/dev/null");
  return folder;
}

std::string recipe_of(const std::string& head, const fs::path& folder, std::uint64_t models) {
  std::string text = head + "models:\n";
  for (std::uint64_t m = 1; m <= models; ++m)
    text += fmt::format("  - model: '{}/model-{}'\n", folder.string(), m);
  return text;
}

engine::Variant variant_of(const std::string& text) {
  recipe::ParsedRecipe parsed = recipe::parse_recipe(text, method::schema(), false);
  engine::Variant variant{std::move(parsed.recipe.value()), nullptr};
  variant.method = method::method_of(variant.recipe);
  return variant;
}

/// Memory limit with which so much of the models is held.
std::optional<std::uint64_t> limit_of(const SoupsBenchOptions& options, const fs::path& recipe,
                                      const engine::RunOptions& run, std::uint64_t model_bytes) {
  if (options.held_share >= 1.0) return std::nullopt;
  const engine::PlannedMerge planned = engine::plan_recipe(recipe, run);
  const double held = options.held_share * static_cast<double>(options.models * model_bytes);
  return planned.plan->base_resident_bytes + planned.plan->buffers.bytes() +
         planned.plan->buffers.survey_bytes + model_bytes + static_cast<std::uint64_t>(held);
}

void measure_candidates(const SoupsBenchOptions& options, std::vector<Comparison>& results) {
  const fs::path folder = make_models(options);
  const fs::path recipe = options.scratch / "recipe.yml";
  io::write_text(recipe, recipe_of("merge_method: uniform_soup\n", folder, options.models), false);
  comm::Communicator world = comm::make_serial();
  engine::RunOptions run;
  run.plan.threads = options.threads;
  const engine::LoadedRecipe loaded =
      engine::load_models(world, engine::load_recipe(world, recipe, false, {}), {}, {});
  const std::uint64_t model_bytes = loaded.models.front().checkpoint.total_bytes();
  run.plan.memory_bytes = limit_of(options, recipe, run, model_bytes);
  engine::CandidateMaker maker(world, loaded.models, {loaded.recipe, loaded.method}, run, options.scratch);
  const std::uint64_t file_bytes = maker.counters().scratch_bytes / options.models;
  Pass pass(model_bytes, options.threads, options.scratch / "pass", file_bytes);

  const auto pass_of = [](const char* what) {
    return Comparison{"candidate_vs_pass", what, 0, "GB/s", true, {}, {}};
  };
  Comparison against_read = pass_of(file_bytes > 0 ? "read, with scratch file" : "read");
  Comparison against_average = pass_of(file_bytes > 0 ? "average, with scratch file" : "average");
  for (int pair = 0; pair < options.pairs; ++pair) {
    for (std::uint64_t ingredients = 1; ingredients <= options.models; ++ingredients) {
      const engine::Variant variant =
          variant_of(recipe_of("merge_method: uniform_soup\n", folder, ingredients));
      const double gigabytes = 1e-9 * static_cast<double>(ingredients * model_bytes);
      const double read = gigabytes / seconds_of([&] { pass.read(ingredients); });
      const double formed = gigabytes / seconds_of([&] { maker.form(variant); });
      against_read.rates.push_back(formed);
      against_read.references.push_back(read);
      against_average.rates.push_back(formed);
      against_average.references.push_back(gigabytes / seconds_of([&] { pass.average(ingredients); }));
    }
  }
  results.push_back(std::move(against_read));
  results.push_back(std::move(against_average));
}

void measure_search(const SoupsBenchOptions& options, std::vector<Comparison>& results) {
  constexpr double wanted_per_minute = 1000.0;
  constexpr std::array<std::uint64_t, 3> widths{reproduce::image_pixels, 64, reproduce::digit_classes};
  const fs::path folder = options.scratch / "small";
  reproduce::Examples examples;
  for (const reproduce::Digit& digit : reproduce::digits()) {
    examples.inputs.insert(examples.inputs.end(), digit.image.begin(), digit.image.end());
    examples.labels.push_back(digit.label);
  }
  std::string space;
  for (std::uint64_t m = 1; m <= options.models; ++m) {
    reproduce::write_model(folder / fmt::format("model-{}", m), probe::initial_mlp(widths, m));
    space += fmt::format("{}weight@{}: {{low: 0.01, high: 1}}", m == 1 ? "" : ", ", m - 1);
  }
  reproduce::write_data(folder / "digits.h5", examples);
  const fs::path recipe = folder / "recipe.yml";
  const std::string head = fmt::format(
      "merge_method: linear\nsearch: {{strategy: random, budget: {}, space: {{{}}}}}\n"
      "evaluate: {{probe: mlp, data: '{}/digits.h5'}}\n",
      options.candidates, space, folder.string());
  io::write_text(recipe, recipe_of(head, folder, options.models), false);
  engine::RunOptions run;
  run.plan.threads = options.threads;
  run.output = folder / "best";
  run.durability = io::Durability::none;
  comm::Communicator world = comm::make_serial();
  const double minutes = seconds_of([&] { soup::run_soup(world, recipe, run); }) / 60.0;
  results.push_back({"candidates_per_minute",
                     "random search, built-in probe",
                     0,
                     "per minute",
                     false,
                     {static_cast<double>(options.candidates) / minutes},
                     {wanted_per_minute}});
}

}  // namespace

std::vector<Comparison> run_soups_bench(const SoupsBenchOptions& options) {
  std::vector<Comparison> results;
  fs::create_directories(options.scratch);
  measure_candidates(options, results);
  measure_search(options, results);
  return results;
}

}  // namespace stockpot::bench
