#include "stockpot/report/verify.hpp"

#include <fmt/format.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "report/manifest.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/content_scan.hpp"
#include "stockpot/engine/load_checkpoint.hpp"

namespace stockpot::report {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// What can be said before any tensor is read.
struct Opened {
  Manifest manifest;
  std::optional<checkpoint::Checkpoint> model;
  std::vector<Mismatch> mismatches;  ///< why there is no model
};

Opened open_output(const fs::path& output, const Options& options) {
  Opened opened{read_manifest(output), std::nullopt, {}};
  std::set<std::string> files;
  for (const auto& [name, tensor] : opened.manifest.tensors) files.insert(tensor.file);
  for (const std::string& file : files) {
    std::error_code ignored;
    if (!fs::exists(output / file, ignored)) {
      opened.mismatches.push_back({(output / file).string(), "", "is missing"});
    }
  }
  if (!opened.mismatches.empty()) return opened;
  try {
    opened.model = engine::open_with_warnings(output, output.string(), options);
  } catch (const Error& failure) {
    if (failure.code() != ExitCode::input) throw;
    opened.mismatches.push_back({"", "", failure.what()});
  }
  return opened;
}

/// How one tensor differs from its entry; dtype and shape first, for then its bytes must differ too.
std::vector<std::string> problems_of(const ManifestTensor& promised, const checkpoint::StoredTensor& stored,
                                     const std::string& file, const Digest& digest) {
  std::vector<std::string> problems;
  if (stored.dtype != promised.dtype) {
    problems.push_back(
        fmt::format("dtype is {}, the manifest says {}", name(stored.dtype), name(promised.dtype)));
  }
  if (stored.shape != promised.shape) {
    problems.push_back(
        fmt::format("shape is {}, the manifest says {}", to_string(stored.shape), to_string(promised.shape)));
  }
  if (file != promised.file) {
    problems.push_back(fmt::format("stands in this file, the manifest says {}", quote(promised.file)));
  }
  if (problems.empty() && digest != promised.digest) {
    problems.push_back(
        fmt::format("content digest is {}, the manifest says {}", digest.hex(), promised.digest.hex()));
  }
  return problems;
}

std::vector<Mismatch> compare(const Manifest& manifest, const checkpoint::Checkpoint& model,
                              const std::vector<TensorContent>& contents, const fs::path& output) {
  std::vector<Mismatch> mismatches;
  for (const auto& [name, promised] : manifest.tensors) {
    const checkpoint::StoredTensor* const stored = model.find(name);
    if (stored == nullptr) {
      mismatches.push_back({(output / promised.file).string(), name, "is missing, the manifest has it"});
      continue;
    }
    const auto index = static_cast<std::size_t>(stored - model.tensors.data());
    const fs::path& path = model.files[stored->file].path;
    for (std::string& problem :
         problems_of(promised, *stored, path.filename().string(), contents[index].digest)) {
      mismatches.push_back({path.string(), name, std::move(problem)});
    }
  }
  for (const checkpoint::StoredTensor& stored : model.tensors) {
    if (manifest.tensors.contains(stored.name)) continue;
    mismatches.push_back({model.files[stored.file].path.string(), stored.name, "is not in the manifest"});
  }
  return mismatches;
}

std::string pack(const Verification& found) {
  json mismatches = json::array();
  for (const Mismatch& mismatch : found.mismatches) {
    mismatches.push_back({mismatch.file, mismatch.tensor, mismatch.problem});
  }
  const auto bytes =
      json::to_cbor(json{{"tensors", found.tensors}, {"bytes", found.bytes}, {"mismatches", mismatches}});
  return {bytes.begin(), bytes.end()};
}

Verification unpack(const std::string& text) {
  const json packed = json::from_cbor(text.begin(), text.end());
  Verification found;
  found.tensors = packed.at("tensors");
  found.bytes = packed.at("bytes");
  for (const json& mismatch : packed.at("mismatches")) {
    found.mismatches.push_back({mismatch.at(0), mismatch.at(1), mismatch.at(2)});
  }
  return found;
}

}  // namespace

Verification verify(comm::Communicator& world, const fs::path& output, const Options& options) {
  Opened opened;  // rank 0's
  const std::string headers = comm::from_root(world, "manifest and headers of the output", [&] {
    opened = open_output(output, options);
    return opened.model ? checkpoint::serialize(*opened.model) : std::string();
  });
  std::optional<checkpoint::Checkpoint> model;
  std::vector<TensorContent> contents;
  if (!headers.empty()) {
    model = checkpoint::deserialize(headers);
    contents = engine::scan_content(world, *model, engine::Scan::digests, options);
  }
  return unpack(comm::from_root(world, "verification", [&] {
    Verification found{std::move(opened.mismatches), opened.manifest.tensors.size(), 0};
    if (model) {
      found.bytes = model->total_bytes();
      found.mismatches = compare(opened.manifest, *model, contents, output);
    }
    return pack(found);
  }));
}

std::string verification_text(const Verification& found, const fs::path& output) {
  std::string text;
  std::set<std::string> tensors;
  for (const Mismatch& mismatch : found.mismatches) {
    if (!mismatch.file.empty()) text += mismatch.file + ": ";
    if (!mismatch.tensor.empty()) text += "tensor " + quote(mismatch.tensor) + ": ";
    text += mismatch.problem + "\n";
    tensors.insert(mismatch.tensor);
  }
  tensors.erase("");
  if (found.passed()) {
    return fmt::format("{}: {} tensors, {}, all as the manifest says\n", output.string(), found.tensors,
                       format_size(found.bytes));
  }
  if (tensors.empty()) return text + output.string() + ": verification failed\n";
  return text + fmt::format("{}: verification failed: {} of {} tensors are not as the manifest says\n",
                            output.string(), tensors.size(), found.tensors);
}

std::string verification_json(const Verification& found) {
  json problems = json::array();
  for (const Mismatch& mismatch : found.mismatches) {
    problems.push_back({{"file", mismatch.file}, {"tensor", mismatch.tensor}, {"problem", mismatch.problem}});
  }
  const json document = {{"verified", found.passed()},
                         {"tensors", found.tensors},
                         {"bytes", found.bytes},
                         {"problems", problems}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

int verify_output(comm::Communicator& world, const fs::path& output, const Options& options, bool json) {
  const Verification found = verify(world, output, options);
  if (world.is_root()) {
    std::cout << (json ? verification_json(found) : verification_text(found, output)) << std::flush;
  }
  return static_cast<int>(found.passed() ? ExitCode::success : ExitCode::verification);
}

int verify_output(comm::Communicator& world, const fs::path& output, int threads, bool json) {
  Options options;
  options.threads = threads;
  return verify_output(world, output, options, json);
}

}  // namespace stockpot::report
