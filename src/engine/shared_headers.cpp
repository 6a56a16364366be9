#include "engine/shared_headers.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/model_headers.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/checkpoint/placeholders.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/load_models.hpp"

namespace stockpot::engine {
namespace {

/// Headers of the models for which `wanted` holds, others empty; what is wrong with any of them in one error.
std::vector<checkpoint::Checkpoint> open_models(const std::vector<plan::ModelUse>& uses,
                                                const std::vector<bool>& wanted,
                                                const checkpoint::Reader& reader, const WarningSink& warn) {
  std::vector<checkpoint::Checkpoint> opened(uses.size());
  std::vector<std::vector<recipe::Problem>> warnings(uses.size());
  const auto failures = for_every_model(uses.size(), [&](std::size_t i) {
    if (wanted[i]) opened[i] = open_model(uses[i], reader, warnings[i]);
  });
  std::vector<recipe::Problem> problems;
  ExitCode code = ExitCode::input;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    std::move(warnings[i].begin(), warnings[i].end(), std::back_inserter(problems));
    try {
      if (failures[i]) std::rethrow_exception(failures[i]);
    } catch (const Error& error) {
      code = error.code();
      problems.push_back({recipe::Severity::error, "", error.what(), ""});
    }
  }
  raise_problems(problems, code, "models", warn);
  return opened;
}

std::string pack(const std::vector<checkpoint::Checkpoint>& checkpoints, const std::vector<bool>& wanted) {
  nlohmann::json all = nlohmann::json::array();
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    if (!wanted[i]) continue;
    const std::string text = checkpoint::serialize(checkpoints[i]);
    all.push_back(nlohmann::json::binary({text.begin(), text.end()}));
  }
  const std::vector<std::uint8_t> packed = nlohmann::json::to_cbor(all);
  return {packed.begin(), packed.end()};
}

void unpack(const std::string& packed, const std::vector<bool>& wanted,
            std::vector<checkpoint::Checkpoint>& checkpoints) {
  const nlohmann::json all = nlohmann::json::from_cbor(packed.begin(), packed.end());
  std::size_t next = 0;
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    if (!wanted[i]) continue;
    const auto& bytes = all.at(next++).get_binary();
    checkpoints[i] = checkpoint::deserialize({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

/// What messages call a model: its folder, or the file that is all of it.
std::string place_of(const checkpoint::Checkpoint& checkpoint) {
  return checkpoint.folder.empty() ? checkpoint.files.front().path.string() : checkpoint.folder.string();
}

/// Throws Error{input} naming what differs unless both are the same model.
void check_same_model(const checkpoint::Checkpoint& own, const checkpoint::Checkpoint& first) {
  const auto refuse = [&first](const std::string& what, const std::string& file) {
    throw Error(ExitCode::input, what + " differs from the copy in " + place_of(first), {file, ""});
  };
  const auto same_file = [](const checkpoint::StoredFile& a, const checkpoint::StoredFile& b) {
    return a.path.filename() == b.path.filename() && a.identity.size == b.identity.size &&
           a.identity.sample == b.identity.sample;
  };
  if (own.files.size() != first.files.size()) refuse("the number of its files", place_of(own));
  for (std::size_t i = 0; i < own.files.size(); ++i) {
    if (!same_file(own.files[i], first.files[i])) refuse("this file", own.files[i].path.string());
  }
  if (own.tensors != first.tensors || own.aliases != first.aliases || own.matrices != first.matrices) {
    refuse("the set of tensors", place_of(own));
  }
  if (own.statistics_digest != first.statistics_digest) refuse("model_digest", place_of(own));
  if (own.config != first.config) refuse("its content", (own.folder / "config.json").string());
}

}  // namespace

std::vector<checkpoint::Checkpoint> share_headers(comm::Communicator& world,
                                                  const std::vector<plan::ModelUse>& uses,
                                                  const plan::GridShape& grid, const WarningSink& warn) {
  const std::vector<std::uint32_t> column_of_model = plan::columns_of_models(uses, grid.columns);
  const checkpoint::Reader reader{world.rank(), host_name()};
  const auto select = [&](std::uint64_t column, bool only_with_placeholder) {
    std::vector<bool> selected(uses.size());
    for (std::size_t i = 0; i < uses.size(); ++i) {
      selected[i] = column_of_model[i] == column &&
                    (!only_with_placeholder || checkpoint::has_placeholder(uses[i].reference.path));
    }
    return selected;
  };

  std::vector<checkpoint::Checkpoint> checkpoints(uses.size());
  const auto rank = static_cast<std::uint64_t>(world.rank());
  std::string packed;
  comm::agree_after(world, "headers of the models", [&] {
    if (rank >= grid.columns) return;
    const std::vector<bool> mine = select(rank, false);
    packed = pack(open_models(uses, mine, reader, warn), mine);
  });
  for (std::uint64_t column = 0; column < grid.columns; ++column) {
    unpack(world.broadcast(packed, static_cast<int>(column), "headers of the models"), select(column, false),
           checkpoints);
  }

  comm::agree_after(world, "copies of the models", [&] {
    const std::vector<bool> mine = select(rank % grid.columns, true);
    if (std::find(mine.begin(), mine.end(), true) == mine.end()) return;
    std::vector<checkpoint::Checkpoint> own = open_models(uses, mine, reader, {});
    for (std::size_t i = 0; i < uses.size(); ++i) {
      if (!mine[i]) continue;
      check_same_model(own[i], checkpoints[i]);
      checkpoints[i] = std::move(own[i]);
    }
  });
  return checkpoints;
}

}  // namespace stockpot::engine
