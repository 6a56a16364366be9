#include "engine/model_headers.hpp"

#include "stockpot/base/error.hpp"

namespace stockpot::engine {

checkpoint::Checkpoint open_model(const plan::ModelUse& use, std::vector<recipe::Problem>& warnings) {
  if (use.reference.adapter) {
    throw Error(ExitCode::usage,
                "model " + quote(use.reference.text) +
                    ": adapters (model+lora) are not available in this version; fold the adapter first");
  }
  std::vector<std::string> texts;
  auto opened = checkpoint::open_checkpoint(
      checkpoint::locate_model(use.reference.path, use.reference.revision), use.reference.text, texts);
  for (const std::string& text : texts) {
    warnings.push_back({recipe::Severity::warning, "model " + quote(use.name), text, ""});
  }
  return opened;
}

}  // namespace stockpot::engine
