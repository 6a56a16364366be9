#include "engine/model_headers.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "stockpot/base/error.hpp"

namespace stockpot::engine {

checkpoint::Checkpoint open_model(const plan::ModelUse& use, const checkpoint::Reader& reader,
                                  std::vector<recipe::Problem>& warnings) {
  const std::string path = checkpoint::fill_placeholders(use.reference.path, reader);
  if (use.statistics_of) return checkpoint::open_statistics(path, use.reference.text);
  if (use.reference.adapter) {
    throw Error(ExitCode::usage,
                "model " + quote(use.reference.text) +
                    ": adapters (model+lora) are not available in this version; fold the adapter first");
  }
  std::vector<std::string> texts;
  auto opened = checkpoint::open_checkpoint(checkpoint::locate_model(path, use.reference.revision),
                                            use.reference.text, texts);
  for (const std::string& text : texts) {
    warnings.push_back({recipe::Severity::warning, "model " + quote(use.name), text, ""});
  }
  return opened;
}

std::vector<std::exception_ptr> for_every_model(std::size_t models,
                                                const std::function<void(std::size_t)>& work) {
  constexpr std::size_t most_at_once = 8;
  std::vector<std::exception_ptr> failures(models);
  std::atomic<std::size_t> next{0};
  const auto take_turns = [&] {
    for (std::size_t i = next++; i < models; i = next++) {
      try {
        work(i);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < std::min({models, most_at_once, processors}); ++i)
    helpers.emplace_back(take_turns);
  take_turns();
  helpers.clear();  // waits
  return failures;
}

}  // namespace stockpot::engine
