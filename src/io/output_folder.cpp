#include "stockpot/io/output_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "folder_lock.hpp"
#include "rename.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/journal.hpp"
#include "system_error.hpp"

namespace stockpot::io {
namespace {

namespace fs = std::filesystem;

enum class Standing { nothing, empty_folder, finished, foreign };

[[noreturn]] void refuse(const fs::path& path, const std::string& message) {
  throw Error(ExitCode::usage, message, {path.string(), ""});
}

/// Without a trailing slash, `.` and `..`; the last component is a name.
fs::path normal_target(const fs::path& target) {
  fs::path normal = target.lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  const std::string name = normal.filename().string();
  if (name.empty() || name == "." || name == ".." || name == "/") {
    refuse(target, "names no output folder: give it a name of its own");
  }
  return normal;
}

fs::path folder_of(const fs::path& target) {
  return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

/// `.<name><suffix>` beside the target.
fs::path beside(const fs::path& target, const std::string& suffix) {
  return folder_of(target) / fmt::format(".{}{}", target.filename().string(), suffix);
}

fs::file_status status_of(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::symlink_status(path, failure);
  if (status.type() == fs::file_type::none) throw_write_error(path, "look at this output", failure.value());
  return status;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  fs::directory_iterator entry(folder, failure);
  while (!failure && entry != fs::directory_iterator()) {
    names.push_back(entry->path().filename().string());
    entry.increment(failure);
  }
  if (failure) throw_write_error(folder, "list this folder", failure.value());
  return names;
}

Standing standing_at(const fs::path& target, OutputKind kind) {
  const fs::file_status status = status_of(target);
  if (status.type() == fs::file_type::not_found) return Standing::nothing;
  if (kind == OutputKind::file) {
    return status.type() == fs::file_type::regular ? Standing::finished : Standing::foreign;
  }
  if (status.type() != fs::file_type::directory) return Standing::foreign;
  if (is_finished_output(target)) return Standing::finished;
  return names_in(target).empty() ? Standing::empty_folder : Standing::foreign;
}

/// True if there is nothing to do because a finished output stands and `resume` leaves it alone.
bool check_target(const fs::path& target, const OutputFolder::Options& options) {
  switch (standing_at(target, options.kind)) {
    case Standing::nothing:
    case Standing::empty_folder:
      return false;
    case Standing::foreign:
      refuse(target, "exists and is no output of stockpot: give another name or remove it");
    case Standing::finished:
      break;
  }
  if (options.existing == ExistingOutput::refuse) {
    refuse(target, "a finished output exists: --overwrite replaces it, --resume verifies it");
  }
  return options.existing == ExistingOutput::resume;
}

/// A job killed right after its commit leaves its lock in the finished output.
void remove_stale_locks(const fs::path& target) {
  for (const std::string& name : names_in(target)) {
    if (is_lock_name(name)) ::unlink((target / name).c_str());
  }
}

/// What the partial folder holds besides its lock.
std::vector<fs::path> content_of(const fs::path& partial) {
  std::vector<fs::path> content;
  for (const std::string& name : names_in(partial)) {
    if (!is_lock_name(name)) content.push_back(partial / name);
  }
  return content;
}

/// Never follows symbolic links out of the tree.
void remove_tree(const fs::path& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (failure) throw_write_error(path, "remove", failure.value());
}

/// True if it was missing.
bool make_partial_folder(const fs::path& partial) {
  std::error_code failure;
  fs::create_directories(folder_of(partial), failure);
  if (failure) throw_write_error(folder_of(partial), "create this folder", failure.value());
  if (::mkdir(partial.c_str(), 0777) == 0) return true;
  if (errno != EEXIST) throw_write_error(partial, "create the output's partial folder", errno);
  const fs::file_type type = status_of(partial).type();
  if (type != fs::file_type::directory && type != fs::file_type::not_found) {
    refuse(partial, "is in the way of the output's partial folder and no folder");
  }
  return false;
}

void refuse_leftovers(const fs::path& partial, ExistingOutput existing) {
  if (existing != ExistingOutput::refuse || content_of(partial).empty()) return;
  const std::optional<std::string> holder = lock_holder_of(partial);
  refuse(partial,
         fmt::format("an unfinished output stands here{}: --resume continues it, --overwrite starts over",
                     holder ? ", locked by " + *holder : ""));
}

/// Finished outputs that an earlier job moved aside but could not delete any more.
void remove_moved_aside(const fs::path& target) {
  const std::string prefix = fmt::format(".{}.old-", target.filename().string());
  for (const std::string& name : names_in(folder_of(target))) {
    const bool ours = name.size() > prefix.size() && name.substr(0, prefix.size()) == prefix &&
                      name.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
    if (ours) remove_tree(folder_of(target) / name);
  }
}

}  // namespace

struct OutputFolder::State {
  fs::path target;
  fs::path partial;
  Options options;
  FolderState state = FolderState::fresh;
  std::unique_ptr<FolderLock> lock;

  void release() noexcept {
    if (!lock) return;
    lock.reset();
    ::rmdir(partial.c_str());  // succeeds only on an empty folder
  }
};

OutputFolder::OutputFolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputFolder::OutputFolder(OutputFolder&&) noexcept = default;
OutputFolder& OutputFolder::operator=(OutputFolder&& other) noexcept {
  if (this != &other) {
    if (state_) state_->release();
    state_ = std::move(other.state_);
  }
  return *this;
}
OutputFolder::~OutputFolder() {
  if (state_) state_->release();
}

OutputFolder OutputFolder::claim(const fs::path& target, const Options& options) {
  auto state = std::make_unique<State>();
  state->target = normal_target(target);
  state->partial = beside(state->target, ".partial");
  state->options = options;
  while (!state->lock) {
    if (check_target(state->target, options)) {
      if (options.kind == OutputKind::folder) remove_stale_locks(state->target);
      state->state = FolderState::finished;
      return OutputFolder(std::move(state));
    }
    const bool made = make_partial_folder(state->partial);
    try {
      if (fs::exists(state->partial)) refuse_leftovers(state->partial, options.existing);
      state->lock =
          FolderLock::acquire(state->partial, {options.heartbeat_seconds, options.takeover_seconds});
    } catch (...) {
      if (made) ::rmdir(state->partial.c_str());  // another claimant's lock keeps it
      throw;
    }
  }
  OutputFolder claimed(std::move(state));
  State& held = *claimed.state_;
  // Both may have changed while the lock was another job's.
  if (check_target(held.target, options)) {
    held.release();
    held.state = FolderState::finished;
    return claimed;
  }
  refuse_leftovers(held.partial, options.existing);
  if (options.existing == ExistingOutput::overwrite) {
    for (const fs::path& path : content_of(held.partial)) remove_tree(path);
  }
  held.state = content_of(held.partial).empty() ? FolderState::fresh : FolderState::partial;
  return claimed;
}

FolderState OutputFolder::state() const noexcept {
  return state_->state;
}
const fs::path& OutputFolder::path() const noexcept {
  return state_->partial;
}

void OutputFolder::check_still_held() const {
  if (state_->lock && state_->lock->is_held()) return;
  const std::optional<std::string> holder = lock_holder_of(state_->partial);
  throw Error(ExitCode::system_io,
              fmt::format("this job lost the lock of its output folder{}", holder ? " to " + *holder : ""),
              {state_->partial.string(), ""});
}

void OutputFolder::publish() {
  State& state = *state_;
  const bool durable = state.options.durability == Durability::fsync;
  check_still_held();
  remove_tree(state.partial / journal_folder_name);
  if (durable) sync_folder(state.partial);
  fs::path aside;
  switch (standing_at(state.target, OutputKind::folder)) {
    case Standing::nothing:
    case Standing::empty_folder:
      break;
    case Standing::foreign:
      refuse(state.target, "appeared during the run and is no output of stockpot");
    case Standing::finished:
      if (state.options.existing != ExistingOutput::overwrite) {
        refuse(state.target, "a finished output appeared during the run");
      }
      aside = beside(state.target, fmt::format(".old-{}", ::getpid()));
      remove_tree(aside);
      rename_over(state.target, aside);
      break;
  }
  try {
    rename_over(state.partial, state.target);
  } catch (...) {
    std::error_code ignored;
    if (!aside.empty()) fs::rename(aside, state.target, ignored);
    throw;
  }
  // The lock goes along and is released only now: between release and rename another job could have claimed.
  state.lock->folder_moved(state.target);
  if (durable) sync_folder(folder_of(state.target));
  state.lock.reset();
  if (durable) sync_folder(state.target);
  state.state = FolderState::finished;
  if (state.options.existing == ExistingOutput::overwrite) remove_moved_aside(state.target);
}

void OutputFolder::publish_file(const std::string& name) {
  State& state = *state_;
  const bool durable = state.options.durability == Durability::fsync;
  check_still_held();
  if (standing_at(state.target, OutputKind::file) == Standing::finished &&
      state.options.existing != ExistingOutput::overwrite) {
    refuse(state.target, "a finished output appeared during the run");
  }
  rename_over(state.partial / name, state.target);
  if (durable) sync_folder(folder_of(state.target));
  discard();
  state.state = FolderState::finished;
}

void OutputFolder::discard() noexcept {
  State& state = *state_;
  if (!state.lock) return;
  std::error_code ignored;
  try {
    // In one step, so that nobody claims a folder that is being deleted.
    const fs::path doomed = beside(state.target, fmt::format(".discarded-{}", ::getpid()));
    if (state.lock->is_held()) {
      fs::rename(state.partial, doomed);
      state.lock->folder_moved(doomed);
      state.lock.reset();
      fs::remove_all(doomed, ignored);
    }
  } catch (const std::exception&) {
  }
  state.lock.reset();
}

fs::path partial_path(const fs::path& target) {
  return beside(normal_target(target), ".partial");
}

bool is_finished_output(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / manifest_name, ignored);
}

}  // namespace stockpot::io
