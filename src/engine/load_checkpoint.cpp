#include "stockpot/engine/load_checkpoint.hpp"

#include <filesystem>
#include <system_error>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/recipe/model_reference.hpp"

namespace stockpot::engine {
namespace {

std::filesystem::path path_of(const std::string& reference) {
  std::error_code ignored;
  if (std::filesystem::exists(reference, ignored)) return reference;
  std::string why;
  const auto parsed = recipe::parse_model_reference(reference, why);
  if (!parsed) throw Error(ExitCode::usage, "model " + quote(reference) + ": " + why);
  if (parsed->adapter) {
    throw Error(ExitCode::usage, "model " + quote(reference) +
                                     ": adapters (model+lora) are not available in this version; fold the "
                                     "adapter first");
  }
  return checkpoint::locate_model(parsed->path, parsed->revision);
}

}  // namespace

checkpoint::Checkpoint open_with_warnings(const std::filesystem::path& path, const std::string& reference,
                                          const ReadOptions& options) {
  std::vector<std::string> warnings;
  checkpoint::Checkpoint model = checkpoint::open_checkpoint(path, reference, warnings);
  if (options.warn) {
    for (const std::string& warning : warnings) options.warn(warning);
  }
  return model;
}

checkpoint::Checkpoint load_checkpoint(comm::Communicator& world, const std::string& reference,
                                       const ReadOptions& options) {
  return checkpoint::deserialize(comm::from_root(world, "headers of the model", [&] {
    return checkpoint::serialize(open_with_warnings(path_of(reference), reference, options));
  }));
}

}  // namespace stockpot::engine
